#!/usr/bin/env bash
# Builds the four WebAssembly variants from crates/ into packages/kernels-wasm/wasm/, with the manifest, and writes the
# instructions and constants that TypeScript shares with them.
#
#   scripts/build-kernels.sh           all four
#   scripts/build-kernels.sh relaxed   only the named ones (the manifest then describes all that are there)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh

output=packages/kernels-wasm/wasm
# LLVM's scheduler puts all products of a tile's left half before those of its right half, and its strength reduction
# replaces the tile's pointers by one counter and sums. Both need more registers than there are and cost a third of the
# speed.
schedule="-Cllvm-args=-pre-RA-sched=source -Cllvm-args=-disable-lsr"
builds=("${@:-simd128 relaxed simd128-shared relaxed-shared}")

for build in ${builds[*]}; do
  features=+simd128
  [[ $build == relaxed* ]] && features+=,+relaxed-simd
  flags="$linker $schedule"
  extra=()
  if [[ $build == *-shared ]]; then
    features+=,+atomics,+bulk-memory,+mutable-globals
    flags+=" -Clink-arg=--shared-memory -Clink-arg=--import-memory -Clink-arg=--max-memory=4294967296"
    for symbol in __wasm_init_tls __tls_size __tls_align __tls_base; do flags+=" -Clink-arg=--export=$symbol"; done
    export RUSTC_BOOTSTRAP=1
    extra=(-- -Zbuild-std=std,panic_abort)
  fi
  echo "building $build" >&2
  RUSTFLAGS="$flags -Ctarget-feature=$features" wasm-pack --quiet build crates/wasm --target web --release \
    --mode no-install --out-dir "$PWD/target/kernels/$build" --out-name residual "${extra[@]}"
  unset RUSTC_BOOTSTRAP
  mkdir -p "$output/$build"
  cp "target/kernels/$build"/residual{.js,.d.ts,_bg.wasm} "$output/$build/"
done

cargo run --quiet -p program --example typescript >packages/kernels-wasm/src/instructions.generated.ts
node scripts/kernels-manifest.mjs
