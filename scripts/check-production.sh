#!/usr/bin/env bash
# Builds the program as `cargo build` does without being asked for anything, and looks at it: no local chain, no
# in-process signer, no failpoint, no rule switched off. With `--release` it is the very binary that is shipped.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "check-production: $*" >&2
    exit 1
}

cargo build "$@" -p sluice-app
profile=debug
case " $* " in *" --release "*) profile=release ;; esac
sluice=${CARGO_TARGET_DIR:-target}/$profile/sluice

version=$("$sluice" --version)
[[ $version == *"(features: none)"* ]] || fail "$sluice calls itself '$version'"
if "$sluice" dev >/dev/null 2>&1; then fail "$sluice starts a local chain"; fi
if "$sluice" signer --failpoint-file /dev/null >/dev/null 2>&1; then fail "$sluice takes a failpoint file"; fi
# `failpoint` is in every name and message of that module; the program speaks of it nowhere else.
if grep -qai failpoint "$sluice"; then fail "$sluice contains failpoints"; fi
# A mutant carries the names of all of them.
if grep -qa ForgedTombstone "$sluice"; then fail "$sluice contains mutants"; fi
if cargo tree --edges normal -p sluice-app | grep -q sluice-mutant; then fail "sluice-app links mutants"; fi
echo "check-production: $sluice: $version"
