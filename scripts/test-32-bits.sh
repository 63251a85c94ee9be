#!/usr/bin/env bash
# Runs the kernels' tests with a `usize` of 32 bits, as in WebAssembly, and with overflow checks: on 32-bit x86, with
# the compilers that toolchain.sh sets up. Accepts the arguments of `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchain.sh

target=i686-unknown-linux-gnu
if ! echo 'int main() { return 0; }' | gcc -m32 -x c - -o /dev/null 2>/dev/null; then
  as_root apt-get update -qq >&2
  as_root apt-get install -y -qq --no-install-recommends gcc-multilib >&2
fi
std=()
if [ -n "$linker" ]; then
  # Debian's compiler has std for this target as sources only.
  export RUSTC_BOOTSTRAP=1
  std=(-Zbuild-std=std,panic_abort,panic_unwind,test)
else
  timeout 300 rustup target add $target >&2
fi
cargo test --lib --tests --target $target --target-dir target/32-bits "${std[@]}" -p operands -p simd -p gemm -p nn -p program "$@"
