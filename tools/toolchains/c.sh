#!/bin/sh
# Installs what builds plugins in C and C++ into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/c.sh PREFIX
#
# Needs Python 3 with venv, and Rust's cargo.
set -eu
prefix=$(realpath -m "${1:?usage: c.sh PREFIX}")

"$(dirname "$0")/zig.sh" "$prefix" >/dev/null
cargo install --locked --root "$prefix" --version 0.63.0 --no-default-features --features c wit-bindgen-cli >&2
echo "export PATH=\"$prefix/bin:\$PATH\""
