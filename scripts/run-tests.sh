#!/bin/sh
# Runs the tests of every crate: with nextest where it is installed (one process per test, so a killed
# process takes nothing else with it), otherwise with cargo's own runner. `make test` gives it a database.
# What computes and never waits, the simulator and its mutants, is built as the simulator is: optimised, with
# every assertion on. Built as the others are, it takes twenty times as long.
set -u

computing='-p sluice-sim -p sluice-mutant'
others='--workspace --exclude sluice-sim --exclude sluice-mutant'
failed=0

# One run names every failure, not only those of the first part. The words of a list are words of the command.
# shellcheck disable=SC2086
if command -v cargo-nextest >/dev/null 2>&1; then
    # Examples in the documentation are tests that nextest does not run.
    cargo test --workspace --doc --quiet || failed=$?
    cargo nextest run --cargo-profile sim $computing "$@" || failed=$?
    cargo nextest run $others "$@" || failed=$?
else
    cargo test --profile sim $computing "$@" || failed=$?
    cargo test $others "$@" || failed=$?
fi
exit "$failed"
