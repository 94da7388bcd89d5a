#!/bin/sh
# Installs what builds plugins in JavaScript into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/javascript.sh PREFIX
#
# Needs Node.js 18 or newer with npm. Link PREFIX/node_modules into a project, or run `npm install` there.
set -eu
prefix=$(realpath -m "${1:?usage: javascript.sh PREFIX}")

npm install --prefix "$prefix" componentize-qjs@0.4.5 >&2
echo "export PATH=\"$prefix/node_modules/.bin:\$PATH\""
