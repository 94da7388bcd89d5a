#!/bin/sh
# Installs what builds plugins in JavaScript into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/javascript.sh PREFIX
#
# Needs Node.js 18 or newer with npm.
set -eu
prefix=$(realpath -m "${1:?usage: javascript.sh PREFIX}")

npm install --global --prefix "$prefix" componentize-qjs@0.4.5 >&2
echo "export PATH=\"$prefix/bin:\$PATH\""
