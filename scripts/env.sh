# Sourced by every script: where the tools live and which Rust toolchain builds Keyloom.
# Nothing here writes; `scripts/setup` puts in place what these paths name.

KEYLOOM_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
keyloom_cache="${XDG_CACHE_HOME:-$HOME/.cache}/keyloom"
keyloom_tools="$keyloom_cache/tools"

# Versions that must match something else; bump them together.
RUST_VERSION=1.96.0 # sqlx and cargo-leptos want at least this
CARGO_LEPTOS_VERSION=0.3.11
WASM_BINDGEN_VERSION=0.2.130 # = `wasm-bindgen` in Cargo.lock, to the patch

PATH="$keyloom_tools/bin:$KEYLOOM_ROOT/style/node_modules/.bin:$PATH"
export PATH

# The toolchain that `scripts/setup` chose: fetched by rustup, or Debian's where rustup cannot fetch.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -s "$keyloom_cache/toolchain" ] && command -v rustup >/dev/null 2>&1; then
  RUSTUP_TOOLCHAIN="$(cat "$keyloom_cache/toolchain")"
  export RUSTUP_TOOLCHAIN
fi

# A clean checkout in CI may reuse the compiled dependencies of an earlier one.
if [ -n "${CI:-}" ] && [ -z "${CARGO_TARGET_DIR:-}" ]; then
  export CARGO_TARGET_DIR="$keyloom_cache/target"
fi
keyloom_target="${CARGO_TARGET_DIR:-$KEYLOOM_ROOT/target}"
