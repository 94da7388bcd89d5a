#!/bin/sh
# Sees to it that plugins in Rust can be built, and prints the line that does so where the compiler in use cannot.
#
#     tools/toolchains/rust.sh [PREFIX]
#
# Needs Rust 1.85 or newer. Nothing is put into PREFIX: what rustup adds lies with the compiler, and the toolchain that
# tools/wasm32-wasip2-toolchain.sh makes, where rustup cannot, in the user's cache, for `cargo xtask guests` has it there, too.
set -eu
target=wasm32-wasip2
made=${WASM32_WASIP2_TOOLCHAIN:-${XDG_CACHE_HOME:-$HOME/.cache}/wasm32-wasip2-toolchain}

has_standard_library() {
  ls "$(rustc --print target-libdir --target $target)"/libstd-* >/dev/null 2>&1
}

# A toolchain that was made before stays the one in use: to add the target would change what builds the guests.
if ! has_standard_library && { [ -f "$made/identity" ] || ! rustup target add $target >&2; }; then
  made=$(bash "$(dirname "$0")/../wasm32-wasip2-toolchain.sh")
  echo ". \"$made\""
fi
