#!/usr/bin/env bash
# with-postgres.sh COMMAND [ARGUMENT..]
#
# Runs COMMAND with a throw-away PostgreSQL cluster and its address in SLUICE_TEST_POSTGRES_URL. The cluster
# is stopped and removed in every case: success, failure, Ctrl-C, and even when this script is killed.
# With SLUICE_TEST_POSTGRES_URL already set, that database is used and nothing is started.
set -euo pipefail

say() { echo "with-postgres: $*" >&2; }

if [ $# -eq 0 ]; then
    say "name a command to run with the database."
    exit 2
fi
if [ -n "${SLUICE_TEST_POSTGRES_URL:-}" ]; then
    exec "$@"
fi

here=$(cd "$(dirname "$0")" && pwd)
if ! bin=$("$here/postgres-bin.sh"); then
    say "there is no PostgreSQL server on this machine; run scripts/setup.sh test."
    exit 1
fi

# PostgreSQL refuses to run as root. `nobody` rather than `postgres`: whoever reaches the port may run
# programs as that user, and it must not own other clusters.
as_server=()
if [ "$(id -u)" -eq 0 ]; then
    as_server=(setpriv --reuid=nobody "--regid=$(id -g nobody)" --clear-groups --)
    folder=$(mktemp -d /tmp/sluice-postgres.XXXXXX) # TMPDIR may be closed to nobody
    chown nobody "$folder"
else
    folder=$(mktemp -d "${TMPDIR:-/tmp}/sluice-postgres.XXXXXX")
fi
data=$folder/data
log=$folder/server.log # written by the server's user, so that user creates it

clean_up() {
    if [ -f "$data/postmaster.pid" ]; then
        (cd / && "${as_server[@]}" "$bin/pg_ctl" stop --pgdata="$data" --mode=immediate --silent) >/dev/null 2>&1 || true
    fi
    # What an interrupted initdb is still writing is left to the guard.
    rm -rf "$folder" 2>/dev/null || true
}
trap clean_up EXIT

# SIGKILL runs no trap. The guard is a session of its own, outlives us and then does the same.
guard() {
    trap '' INT TERM HUP
    while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
    # An initdb or pg_ctl that lost its parent may still be writing: let it end first.
    if [ -d "$folder" ]; then sleep 3 && clean_up; fi
}
export -f guard clean_up
# Arrays are not exported, so the guard is handed what it needs.
setsid bash -c '
    bin=$1 folder=$2 data=$2/data; watched=$3; shift 3
    as_server=("$@")
    guard "$watched"
' guard "$bin" "$folder" $$ "${as_server[@]}" </dev/null >/dev/null 2>&1 &
guard_pid=$!
disown "$guard_pid"

cd /
# The C locale sorts by bytes, as SQLite does. Trust is for the loopback port only, there is no socket.
if ! "${as_server[@]}" "$bin/initdb" --pgdata="$data" --username=sluice --auth=trust --encoding=UTF8 --locale=C \
    --no-sync >"$folder/initdb.log" 2>&1; then
    tail -n 20 "$folder/initdb.log" >&2
    say "initdb failed; the lines above say why (a full disk is the usual reason)."
    exit 1
fi

# What is off only matters when PostgreSQL or the machine dies. Our crash tests kill our processes and never
# PostgreSQL, so nothing is lost by it, and commits cost microseconds. synchronous_commit stays on: with it
# off a commit is acknowledged before it is ordered in the log, which is another behaviour than production's.
cat >>"$data/postgresql.conf" <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
fsync = off
full_page_writes = off
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = 1GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
CONF

start_on() {
    "${as_server[@]}" "$bin/pg_ctl" start --pgdata="$data" --log="$log" --options="-p $1" --wait --timeout=60 \
        --silent >/dev/null 2>&1
}

# PostgreSQL itself is the judge of whether a port is free. The range lies below the one that the kernel
# hands to outgoing connections.
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    candidate=$((20000 + RANDOM % 12000))
    if start_on "$candidate"; then
        port=$candidate
        break
    fi
    if ! grep -q 'could not bind' "$log" 2>/dev/null; then break; fi
    : >"$log"
done
if [ -z "$port" ]; then
    tail -n 20 "$log" >&2 || true
    say "PostgreSQL did not start; the lines above say why."
    exit 1
fi
cd "$OLDPWD"

export SLUICE_TEST_POSTGRES_URL="postgres://sluice@127.0.0.1:$port/postgres"

# In the background, so that a SIGTERM to this script reaches the command at once; in our process group, so
# that Ctrl-C at the terminal reaches it as usual (the subshell undoes what bash changes for background jobs).
(trap - INT QUIT && exec "$@") <&0 &
child=$!
trap 'kill -TERM "$child" 2>/dev/null || true' TERM HUP
trap ':' INT

status=0
while :; do
    wait "$child" && status=0 || status=$?
    # A signal interrupts `wait` before the command has ended.
    if ! kill -0 "$child" 2>/dev/null; then break; fi
done
exit "$status"
