# Sets up the tools that build the kernels, if they are missing, and puts them on PATH.
# Source it: `. scripts/toolchain.sh`.
#
# There are two ways to get a Rust compiler with the wasm32-unknown-unknown target and the sources of std (the
# shared-memory builds compile std with atomics): rustup if its server answers, Debian's packages if it does not.
# wasm-pack and wasm-bindgen come from crates.io into .tools/.

wasm_bindgen_version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' crates/wasm/Cargo.toml)
tools=$PWD/.tools
target=wasm32-unknown-unknown

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

use_rustup() {
  command -v rustup >/dev/null || return 1
  [ "${RESIDUAL_TOOLCHAIN:-rustup}" = rustup ] || return 1
  timeout 300 rustup target add $target >&2 && timeout 300 rustup component add rust-src >&2
}

use_debian() {
  if ! [ -x /usr/bin/rustc ] || ! [ -d /usr/lib/rustlib/src ] || ! command -v wasm-ld-19 >/dev/null; then
    as_root apt-get update -qq >&2 &&
      as_root apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src lld-19 >&2 || return 1
  fi
  # wasm-pack and cargo use the first rustc and cargo on PATH.
  mkdir -p "$tools/debian"
  ln -sf /usr/bin/rustc /usr/bin/cargo "$tools/debian/"
  export PATH="$tools/debian:$PATH"
  export RUSTC=/usr/bin/rustc
  linker="-Clinker=wasm-ld-19"
  local sysroot=/usr/lib/rustlib/$target/lib
  if ! ls $sysroot/libstd-*.rlib >/dev/null 2>&1; then
    local empty
    empty=$(mktemp -d)
    mkdir "$empty/src" && : >"$empty/src/lib.rs"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' >"$empty/Cargo.toml"
    # With bitcode, which the kernels' link-time optimisation reads.
    (cd "$empty" && RUSTC_BOOTSTRAP=1 RUSTFLAGS="$linker -Cembed-bitcode=yes" cargo build --release --target $target \
      -Zbuild-std=std,panic_abort,panic_unwind,test >&2) || return 1
    as_root mkdir -p $sysroot
    find "$empty/target/$target/release/deps" -name '*.rlib' ! -name 'libempty*' -exec cp {} "$empty/" \;
    as_root cp "$empty"/*.rlib $sysroot/
    rm -rf "$empty"
  fi
}

install_tools() {
  [ -x "$tools/bin/wasm-pack" ] || cargo install wasm-pack --locked --root "$tools" >&2 || return 1
  if ! "$tools/bin/wasm-bindgen" --version 2>/dev/null | grep -q " $wasm_bindgen_version\$"; then
    cargo install wasm-bindgen-cli --version "$wasm_bindgen_version" --force --root "$tools" >&2 || return 1
  fi
  export PATH="$tools/bin:$PWD/node_modules/.bin:$PATH"
}

linker=
if use_rustup; then
  echo "toolchain: rustup, $(rustc --version)" >&2
elif use_debian; then
  echo "toolchain: Debian, $(rustc --version)" >&2
else
  echo "error: no Rust compiler for $target: neither rustup nor Debian's rustc-web could be set up" >&2
  exit 1
fi
install_tools || { echo "error: wasm-pack or wasm-bindgen could not be installed from crates.io" >&2; exit 1; }
