#!/bin/sh
# Installs what builds plugins in TypeScript into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/typescript.sh PREFIX
#
# Needs Node.js 18 or newer with npm. Link PREFIX/node_modules into a project, or run `npm install` there.
set -eu
prefix=$(realpath -m "${1:?usage: typescript.sh PREFIX}")

npm install --prefix "$prefix" componentize-qjs@0.4.5 typescript@7.0.2 >&2
echo "export PATH=\"$prefix/node_modules/.bin:\$PATH\""
