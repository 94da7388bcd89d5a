#!/bin/sh
# Installs what builds plugins in AssemblyScript into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/assemblyscript.sh PREFIX
#
# Needs Node.js 20 or newer with npm. Link PREFIX/node_modules into a project, or run `npm install` there.
set -eu
prefix=$(realpath -m "${1:?usage: assemblyscript.sh PREFIX}")

npm install --prefix "$prefix" assemblyscript@0.28.20 @assemblyscript/wasi-shim@0.1.0 >&2
echo "export PATH=\"$prefix/node_modules/.bin:\$PATH\""
