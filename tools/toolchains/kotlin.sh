#!/bin/sh
# Installs what builds plugins in Kotlin, and prints the line that puts it on the PATH.
#
#     tools/toolchains/kotlin.sh PREFIX
#
# Needs Node.js with npm. Where there is no Java runtime, apt-get installs one, as root. Link PREFIX/node_modules
# into a project, or run `npm install` there.
set -eu
prefix=$(realpath -m "${1:?usage: kotlin.sh PREFIX}")

if ! command -v java >/dev/null; then
    apt-get install --yes default-jre-headless >&2
fi
npm install --prefix "$prefix" kotlin-compiler@2.4.20 >&2
echo "export PATH=\"$prefix/node_modules/kotlin-compiler/bin:\$PATH\""
