#!/bin/sh
# Installs what builds plugins in Kotlin, and prints the line that puts it on the PATH.
#
#     tools/toolchains/kotlin.sh PREFIX
#
# The compiler is a package of npm that each project has of its own (`npm install`); what it needs is a Java
# runtime, 17 or newer. One is installed with apt-get, as root, where there is none.
set -eu
prefix=$(realpath -m "${1:?usage: kotlin.sh PREFIX}")

if ! command -v java >/dev/null; then
    apt-get install --yes default-jre-headless >&2
fi
npm install --prefix "$prefix" kotlin-compiler@2.4.20 >&2
echo "export PATH=\"$prefix/node_modules/kotlin-compiler/bin:\$PATH\""
