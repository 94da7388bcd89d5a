#!/bin/sh
# Installs what builds plugins in Nim, and prints the line that puts it on the PATH: Zig into PREFIX, and Nim,
# where there is none, with apt-get.
#
#     tools/toolchains/nim.sh PREFIX
#
# Needs Python 3 with venv.
set -eu
prefix=$(realpath -m "${1:?usage: nim.sh PREFIX}")

"$(dirname "$0")/zig.sh" "$prefix" >/dev/null
if ! command -v nim >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get install -y --no-install-recommends nim >&2
fi
echo "export PATH=\"$prefix/bin:\$PATH\""
