#!/bin/sh
# Installs what builds plugins in Python into PREFIX, and prints the line that puts it on the PATH.
#
#     tools/toolchains/python.sh PREFIX
#
# Needs Python 3.9 or newer with venv.
set -eu
prefix=$(realpath -m "${1:?usage: python.sh PREFIX}")

python3 -m venv "$prefix" >&2
"$prefix/bin/pip" install componentize-py==0.25.0 >&2
echo "export PATH=\"$prefix/bin:\$PATH\""
