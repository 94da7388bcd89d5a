#!/bin/sh
# Installs what builds plugins in Zig into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/zig.sh PREFIX
#
# Needs Python 3 with venv: PyPI's ziglang is all of Zig, with its C and C++ compiler and their libraries.
set -eu
prefix=$(realpath -m "${1:?usage: zig.sh PREFIX}")

python3 -m venv "$prefix" >&2
"$prefix/bin/pip" install ziglang==0.17.1 >&2
ln -sf python-zig "$prefix/bin/zig"
echo "export PATH=\"$prefix/bin:\$PATH\""
