#!/bin/sh
# setup.sh build|run|test|tools
#
# Makes a Debian or Ubuntu machine ready, and takes no time when it is:
#   build   Rust, a C compiler
#   run     + Node and the npm tools of contracts/ (anvil, solc)
#   test    + a PostgreSQL server, and tronweb in tools/tronweb
#   tools   + names the optional tools and how to get them
# Missing Debian packages are installed as root or through sudo that asks for no password; otherwise the
# command that installs them is printed, and nothing is changed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
node_major_min=20
missing='' # Debian packages

say() { echo "setup: $*" >&2; }
fail() {
    say "$@"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
need() { missing="$missing $*"; }

install_missing() {
    [ -n "$missing" ] || return 0
    if ! has apt-get; then
        fail "this machine lacks what Debian calls:$missing; install them with its own package manager."
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_root='env DEBIAN_FRONTEND=noninteractive'
    elif has sudo && sudo -n true 2>/dev/null; then
        as_root='sudo -n DEBIAN_FRONTEND=noninteractive'
    else
        say "these Debian packages are missing, and installing them needs rights that you do not have here. Run:"
        echo "sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
    say "installing the Debian packages:$missing"
    apt='apt-get -q -o DPkg::Lock::Timeout=300'
    # shellcheck disable=SC2086
    { $as_root $apt update && $as_root $apt install -y --no-install-recommends $missing; } >&2 ||
        fail "apt-get could not install:$missing; the lines above say why."
}

check_build() {
    if ! has cargo; then
        if [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
            fail "cargo is installed but not on the PATH; run: . \"\$HOME/.cargo/env\""
        fi
        fail "Rust is missing; install it with rustup (https://rustup.rs), open a new shell, and try again."
    fi
    has cc || need gcc libc6-dev
}

check_node() {
    has node || need nodejs
    has npm || need npm
}

check_node_version() {
    major=$(node -p 'process.versions.node.split(".")[0]') || fail "node does not run; install Node $node_major_min or newer."
    if [ "$major" -lt "$node_major_min" ]; then
        fail "Node $major is too old; install Node $node_major_min or newer (https://nodejs.org)."
    fi
}

check_postgres() {
    # Somebody who brings a database needs no server here.
    [ -n "${SLUICE_TEST_POSTGRES_URL:-}" ] || "$root/scripts/postgres-bin.sh" >/dev/null || need postgresql
}

# install_npm_tools FOLDER WHAT CHECK..: CHECK runs in FOLDER, and fails where WHAT does not run on this machine.
# The lock file they were installed from is kept beside them: no difference, nothing to do.
install_npm_tools() {
    folder=$1 tools=$2
    shift 2
    lock=$root/$folder/package-lock.json
    stamp=$root/$folder/node_modules/.installed-from
    if cmp -s "$lock" "$stamp"; then return 0; fi
    check_node_version
    say "installing $tools with npm"
    (cd "$root/$folder" && npm ci --no-audit --no-fund) >&2 ||
        fail "npm could not install what $folder/package-lock.json names; the lines above say why."
    (cd "$root/$folder" && "$@") >/dev/null 2>&1 || return 1
    cp "$lock" "$stamp"
}

install_anvil() {
    install_npm_tools contracts "anvil and solc" node_modules/.bin/anvil --version ||
        fail "anvil does not run on this machine ($(uname -sm)); its npm package has binaries for Linux and macOS on x86-64 and arm64."
}

install_tronweb() {
    install_npm_tools tools/tronweb tronweb node make.mjs </dev/null ||
        fail "tronweb does not run here; 'node make.mjs' in tools/tronweb says why."
}

# Compiled dependencies live outside the clone, so that every clone shares them. Cargo names artifacts of our
# own crates by their path *within* the workspace and judges freshness by file times, so a second clone's
# build would pass for this one's. Whoever comes after another clone makes its own sources new again.
claim_target_folder() {
    target=${CARGO_TARGET_DIR:-${HOME:?set HOME, or CARGO_TARGET_DIR}/.cache/sluice/target}
    mkdir -p "$target" 2>/dev/null || fail "$target cannot be written; set CARGO_TARGET_DIR to a folder that can."
    owner=$target/.sluice-clone
    [ -f "$owner" ] || : >"$owner"
    read -r last <"$owner" || last=''
    if [ "$last" != "$root" ]; then
        find "$root/crates" "$root/xtask" -name '*.rs' -exec touch {} +
        echo "$root" >"$owner"
    fi
}

name_optional_tools() {
    has cargo-nextest || echo "cargo-nextest is missing: tests run slower without it. cargo install --locked cargo-nextest"
    has cargo-deny || echo "cargo-deny is missing: sources are unchecked without it. cargo install --locked cargo-deny"
    echo "Everything that run and test need is here."
}

what=${1:-}
case $what in
build | run | test | tools) ;;
*) fail "say what to prepare for: setup.sh build, run, test or tools." ;;
esac
check_build
if [ "$what" != build ]; then check_node; fi
if [ "$what" = test ] || [ "$what" = tools ]; then check_postgres; fi
install_missing
if [ "$what" != build ]; then install_anvil; fi
if [ "$what" = test ] || [ "$what" = tools ]; then install_tronweb; fi
claim_target_folder
if [ "$what" = tools ]; then name_optional_tools; fi
