#!/bin/sh
# Runs the tests of every crate: with nextest where it is installed (one process per test, so a killed
# process takes nothing else with it), otherwise with cargo's own runner. `make test` gives it a database.
set -eu

if command -v cargo-nextest >/dev/null 2>&1; then
    # Examples in the documentation are tests that nextest does not run. They come first, so that the last
    # line is the summary of the real ones.
    cargo test --workspace --doc --quiet
    exec cargo nextest run --workspace "$@"
fi
exec cargo test --workspace "$@"
