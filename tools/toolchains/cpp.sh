#!/bin/sh
# Installs what builds plugins in C++ into PREFIX, and prints the line that puts it on the PATH: the same as for C.
#
#     tools/toolchains/cpp.sh PREFIX
set -eu
exec "$(dirname "$0")/c.sh" "${1:?usage: cpp.sh PREFIX}"
