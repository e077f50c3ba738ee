#!/bin/sh
# Prints the folder of the PostgreSQL server programs, or fails without a word.
# pg_config may belong to a client library without a server, so what it says is checked.
set -u

has_server() {
    [ -n "$1" ] && [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ]
}

newest_of_debian() {
    # shellcheck disable=SC2012 # the names are version numbers
    ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1
}

on_path() {
    program=$(command -v initdb) && dirname "$(readlink -f "$program")"
}

for folder in "$(pg_config --bindir 2>/dev/null)" "$(newest_of_debian)" "$(on_path)"; do
    if has_server "$folder"; then
        echo "$folder"
        exit 0
    fi
done
exit 1
