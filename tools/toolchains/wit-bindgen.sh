#!/bin/sh
# Installs wit-bindgen for C, C++ and Go into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/wit-bindgen.sh PREFIX
#
# Needs Rust's cargo. Without optimization: that is built in half the time, and quick enough.
set -eu
prefix=$(realpath -m "${1:?usage: wit-bindgen.sh PREFIX}")

cargo install --debug --locked --root "$prefix" --version 0.63.0 --no-default-features --features c,go wit-bindgen-cli >&2
echo "export PATH=\"$prefix/bin:\$PATH\""
