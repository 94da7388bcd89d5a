#!/bin/sh
# Installs what builds plugins in C and C++ into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/c.sh PREFIX
#
# Needs Python 3 with venv, and Rust's cargo.
set -eu
prefix=$(realpath -m "${1:?usage: c.sh PREFIX}")

"$(dirname "$0")/zig.sh" "$prefix" >/dev/null
"$(dirname "$0")/wit-bindgen.sh" "$prefix" >/dev/null
echo "export PATH=\"$prefix/bin:\$PATH\""
