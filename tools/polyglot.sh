#!/usr/bin/env bash
# Builds the command `count` in each language, or in those named, and has it pass the one table of cases.
#
#     tools/polyglot.sh [--keep] [LANG…]
#
# The tools of each language are installed below target/toolchains first. With --keep, the bytes take the place of those in
# tests/fixtures/polyglot/prebuilt and are recorded (but Python's, which are too many to be kept).
set -euo pipefail
cd "$(dirname "$0")/.."

keep=
if [[ ${1:-} == --keep ]]; then
  keep=1
  shift
fi
polyglot=$PWD/tests/fixtures/polyglot
if (($# == 0)); then
  set -- $(ls "$polyglot" | grep -v -e '^prebuilt$' -e '\.')
fi
cargo build --quiet --locked --package taskrunner
taskrunner=$PWD/target/debug/taskrunner

for language in "$@"; do
  printf -- '--- %s\n' "$language"
  project=$polyglot/$language
  # Its variables are for this language alone.
  (
    modules=$PWD/target/toolchains/$language/node_modules
    eval "$(tools/toolchains/"$language".sh "$PWD/target/toolchains/$language")"
    [[ ! -d $modules ]] || ln -sfn "$modules" "$project/node_modules"
    "$taskrunner" plugin build "$project"
  )
  "$taskrunner" plugin test --cases "$polyglot/cases.yaml" -C "$project"
  if [[ $keep && $language != python ]]; then
    cp "$project/$(sed -n 's/^output: *//p' "$project/plugin.yaml")" "$polyglot/prebuilt/$language.wasm"
  fi
done
if [[ $keep ]]; then
  cargo xtask languages --record
fi
