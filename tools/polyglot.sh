#!/usr/bin/env bash
# Builds plugins in each language, or in those named: the command `greet` of the template, which has to pass its own cases,
# and the command `count`, which has to pass the one table of cases for all languages.
#
#     tools/polyglot.sh [--keep] [LANG…]
#
# The tools of the languages are installed below target/toolchains first; languages share what they have in common. With
# --keep, the bytes of `count` take the place of those in tests/fixtures/polyglot/prebuilt and are recorded (but Python's,
# which are too many to be kept). With TASKRUNNER=FILE, that is the runner to try, and none is built.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=
if [[ ${1:-} == --keep ]]; then
  keep=1
  shift
fi
polyglot=$PWD/tests/fixtures/polyglot
tools=$PWD/target/toolchains
begun=$PWD/target/polyglot
if (($# == 0)); then
  set -- $(ls "$polyglot" | grep -v -e '^prebuilt$' -e '\.')
fi
if [[ ! ${TASKRUNNER:-} ]]; then
  cargo build --quiet --locked --package taskrunner
fi
taskrunner=$(realpath "${TASKRUNNER:-target/debug/taskrunner}")

for language in "$@"; do
  printf -- '--- %s\n' "$language"
  project=$polyglot/$language
  # Its variables are for this language alone.
  (
    eval "$(tools/toolchains/"$language".sh "$tools")"
    rm -rf "${begun:?}/$language"
    mkdir -p "$begun/$language"
    (cd "$begun/$language" && "$taskrunner" plugin new greet --lang "$language")
    for built in "$begun/$language/greet" "$project"; do
      if grep -q 'node_modules/' "$built/plugin.yaml"; then
        ln -sfn "$tools/node_modules" "$built/node_modules"
      fi
      "$taskrunner" plugin build "$built"
    done
  )
  "$taskrunner" plugin test -C "$begun/$language/greet"
  "$taskrunner" plugin test --cases "$polyglot/cases.yaml" -C "$project"
  if [[ $keep && $language != python ]]; then
    cp "$project/$(sed -n 's/^output: *//p' "$project/plugin.yaml")" "$polyglot/prebuilt/$language.wasm"
  fi
done
if [[ $keep ]]; then
  cargo xtask languages --record
fi
