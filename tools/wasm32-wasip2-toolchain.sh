#!/usr/bin/env bash
# Makes a toolchain that builds for wasm32-wasip2 where rustup cannot fetch the target's standard
# library: Debian's compiler and its source, the C library that PyPI's ziglang brings, and
# wasm-component-ld from crates.io. Where rustup can, `rustup target add wasm32-wasip2` is all, and
# `cargo xtask guests` never comes here.
#
# Usage: tools/wasm32-wasip2-toolchain.sh [PREFIX]
# PREFIX defaults to $WASM32_WASIP2_TOOLCHAIN, then to a directory of the user's cache. The Debian
# packages are installed for the whole system, all else below PREFIX. Prints the path of a file to
# source: it sets CARGO, RUSTC, PATH and the target's RUSTFLAGS, for builds of guests and for no other,
# and WASM32_WASIP2_TOOLCHAIN_ID: toolchains with the same one make the same bytes.
# A toolchain that this script, as it stands, made with the same packages is left as it is.
set -euo pipefail

prefix=$(realpath -m "${1:-${WASM32_WASIP2_TOOLCHAIN:-${XDG_CACHE_HOME:-$HOME/.cache}/wasm32-wasip2-toolchain}}")
script=$(realpath "$0")
rustc=/usr/bin/rustc
cargo=/usr/bin/cargo
compilers=(rustc-web cargo-web rust-web-src lld-22)
packages=("${compilers[@]}" python3-venv)
wasm_component_ld=0.5.31
ziglang=0.17.1

say() { printf 'wasm32-wasip2 toolchain: %s\n' "$*" >&2; }
die() { say "$*"; say 'where rustup has the network: rustup target add wasm32-wasip2'; exit 1; }

# What this toolchain is made of. Another answer means: make it anew.
identity() { dpkg-query -W "${compilers[@]}" && sha256sum <"$script"; }

finish() { printf '%s\n' "$prefix/env"; exit 0; }

if [ -f "$prefix/identity" ] && identity 2>/dev/null | cmp -s - "$prefix/identity"; then finish; fi

if ! dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null \
  | awk '$0 != "installed" { bad = 1 } END { exit bad || NR != '"${#packages[@]}"' }'; then
  command -v apt-get >/dev/null || die 'this needs the packages of Debian 12'
  [ "$(id -u)" = 0 ] || die "first, as root: apt-get install --no-install-recommends ${packages[*]}"
  say "installing ${packages[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2 ||
    die 'apt-get could not install the packages of Debian'
fi

rm -rf "$prefix/identity" "$prefix/env" "$prefix/sysroot" "$prefix/work"
lib=$prefix/sysroot/lib/rustlib/wasm32-wasip2/lib
work=$prefix/work
mkdir -p "$lib/self-contained" "$work"
trap 'rm -rf "$work"' EXIT

say "building wasm-component-ld $wasm_component_ld"
RUSTC=$rustc CARGO_TARGET_DIR=$work/linker "$cargo" install --quiet --locked --force --root "$prefix" \
  --version "$wasm_component_ld" wasm-component-ld >&2

# zig compiles wasi-libc from the source that it brings; what it leaves in its cache is wanted.
say "building wasi-libc with ziglang $ziglang"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ziglang" >&2
printf 'int main(void) { return 0; }\n' >"$work/command.c"
printf 'int reactor(void) { return 0; }\n' >"$work/reactor.c"
for model in command reactor; do
  ZIG_GLOBAL_CACHE_DIR=$work/zig-$model ZIG_LOCAL_CACHE_DIR=$work/zig-$model \
    "$work/venv/bin/python" -m ziglang cc -target wasm32-wasi -O2 "-mexec-model=$model" \
    "$work/$model.c" -o "$work/$model.wasm" >&2
  find "$work/zig-$model" -name "crt1-$model.o" -exec cp {} "$lib/self-contained/" \;
done
for archive in libc.a libzigc.a libcompiler_rt.a; do
  find "$work/zig-command" -name "$archive" -exec cp {} "$lib/self-contained/" \;
done

# The standard library, from the source that belongs to the compiler. It shall not name a directory
# of this machine: panics inside it carry the paths of its files into every guest.
say "building the standard library of $("$rustc" --version)"
source=$("$rustc" --print sysroot)/lib/rustlib/src/rust
std=$work/std
mkdir -p "$std/src"
printf 'pub fn nothing() {}\n' >"$std/src/lib.rs"
printf '[package]\nname = "nothing"\nversion = "0.0.0"\nedition = "2021"\n' >"$std/Cargo.toml"
build_std=("-Zbuild-std=std,panic_abort" --target wasm32-wasip2)
export RUSTC=$rustc RUSTC_BOOTSTRAP=1
(cd "$std" && "$cargo" fetch --quiet "${build_std[@]}" >&2)
remap=(
  "--remap-path-prefix=$(realpath "$source")=/rust"
  "--remap-path-prefix=$source=/rust"
  "--remap-path-prefix=$std=/std"
)
for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
  remap+=("--remap-path-prefix=${registry%/}=/registry")
done
(
  cd "$std"
  CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "-Cembed-bitcode=yes"$'\x1f'"${remap[*]}") \
    "$cargo" build --quiet --release "${build_std[@]}" --target-dir "$work/target" >&2
)
cp "$work"/target/wasm32-wasip2/release/deps/*.rlib "$lib/"
rm "$lib"/libnothing-*.rlib

cat >"$prefix/env" <<END
export CARGO=$cargo RUSTC=$rustc PATH="$prefix/bin:\$PATH"
export CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS="--sysroot=$prefix/sysroot -Clinker=$prefix/bin/wasm-component-ld -Clink-arg=--wasm-ld-path=$(command -v wasm-ld-22) -Clink-arg=-lzigc -Clink-arg=-lcompiler_rt"
export WASM32_WASIP2_TOOLCHAIN_ID=$(identity | sha256sum | cut -c1-12)
END
identity >"$prefix/identity"
finish
