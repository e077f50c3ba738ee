#!/usr/bin/env bash
# run.sh [SECONDS]
#
# schemathesis against the live API of `sluice dev`: signed requests made from docs/openapi.json, good and bad. Fails on
# a 5xx, on an answer that does not fit the document, and on a refusal without its stable code. The tool is installed
# once, at its pinned version, into a folder of its own in the cache; nothing else on this machine changes.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-120}
version=4.32.5
tool=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/schemathesis-$version
folder=$(mktemp -d)
server=

say() { echo "schemathesis: $*" >&2; }
end() {
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap end EXIT

if [ ! -x "$tool/bin/st" ] || [ ! -f "$tool/.complete" ]; then
    command -v python3 >/dev/null || { say "python3 is missing"; exit 1; }
    say "installing schemathesis $version into $tool"
    rm -rf "$tool"
    python3 -m venv "$tool" || { say "python3 has no venv; on Debian: apt-get install python3-venv"; exit 1; }
    "$tool/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
    touch "$tool/.complete"
fi

cd "$root"
cargo build --quiet -p sluice-app --features dev --bin sluice
program=${CARGO_TARGET_DIR:-$root/target}/debug/sluice
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
case $program in /*) ;; *) program=$root/$program ;; esac
"$program" dev --no-tron --chain-port 0 --listen "127.0.0.1:$port" --data "$folder/data" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 120); do
    [ -s "$folder/data/dev.json" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; say "the engine did not start"; exit 1; }
    sleep 0.5
done
[ -s "$folder/data/dev.json" ] || { cat "$folder/log" >&2; say "the engine did not start within a minute"; exit 1; }

# A stream that never ends is tested elsewhere. That good requests are accepted, and bad ones refused, is for our own
# generator (crates/http/tests/it/generated.rs), which knows what the document cannot say.
# It keeps notes where it runs.
cd "$folder"
status=0
SLUICE_DEV_JSON=$folder/data/dev.json PYTHONPATH=$root/scripts/schemathesis SCHEMATHESIS_HOOKS=hooks \
    PYTHONDONTWRITEBYTECODE=1 timeout $((seconds + 60)) "$tool/bin/st" run \
    "$root/docs/openapi.json" --url "http://127.0.0.1:$port" \
    --exclude-path /v1/events/stream --phases examples,coverage,fuzzing --max-time "$seconds" --max-examples 50 --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,a_refusal_has_a_stable_code_and_a_remedy \
    --request-timeout 10 --generation-with-security-parameters false --generation-database none --warnings off --no-color || status=$?
kill -0 "$server" 2>/dev/null || { tail -n 20 "$folder/log" >&2; say "the engine ended"; exit 1; }
if grep -q '"panicked\|panicked at' "$folder/log"; then
    grep 'panicked' "$folder/log" >&2
    say "the engine panicked"
    exit 1
fi
exit "$status"
