#!/usr/bin/env bash
# A PostgreSQL cluster of a test's own, on a socket in its folder and a port of the loopback address.
#
#   postgres.sh start FOLDER [PORT]   made if it is not there; prints the folder of the socket
#   postgres.sh follow FOLDER PORT    made as a standby of the cluster that lies beside it, of the same port
#   postgres.sh promote FOLDER        a standby becomes a server that is written to
#   postgres.sh kill FOLDER           its server dies at once, with all its sessions
#   postgres.sh stop FOLDER           the same, and waits until nobody is left
#
# PostgreSQL refuses to run as root: then it runs as the user of Debian's package. Its disk is not synced: what is tried
# here is the death of servers, not of machines.
set -euo pipefail
folder=$2
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as=()
if [ "$(id -u)" -eq 0 ]; then
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
start() { # the port of the loopback address; or none, and that of the socket alone
    local try
    for try in 1 2 3 4 5 6 7 8 9 10; do # sessions of a server that was killed may hold its memory for a moment
        "${as[@]}" "$bin/pg_ctl" -D data -w -t 60 -l server.log \
            -o "-c port=${2:-${1:-5432}} -c listen_addresses=${1:+127.0.0.1}" start >/dev/null 2>&1 && break
        if [ "$try" = 10 ]; then
            tail -n 20 server.log >&2
            exit 70
        fi
        sleep 0.3
    done
}
make_folder() {
    mkdir -p "$folder"
    if [ ${#as[@]} -gt 0 ]; then
        chmod go+x "$(dirname "$folder")"
        chown postgres: "$folder"
    fi
    cd "$folder"
}
case $1 in
start)
    make_folder
    if [ ! -d data ]; then
        "${as[@]}" "$bin/initdb" -D data -U casement -A trust -E UTF8 --no-locale --no-sync >initdb.log 2>&1 || {
            cat initdb.log >&2
            exit 70
        }
        cat >>data/postgresql.conf <<-END
			fsync = off
			unix_socket_directories = '$folder'
			max_connections = 20
			max_prepared_transactions = 0
			shared_buffers = 16MB
		END
    fi
    start "${3:-}"
    echo "$folder"
    ;;
follow)
    make_folder
    "${as[@]}" "$bin/pg_basebackup" -h "$(dirname "$folder")/cluster" -p "$3" -U casement -D data -R -c fast --no-sync
    echo "unix_socket_directories = '$folder'" >>data/postgresql.conf
    start '' "$3"
    ;;
promote)
    cd "$folder"
    "${as[@]}" "$bin/pg_ctl" -D data -w promote >/dev/null
    ;;
kill)
    server=$(head -n 1 "$folder/data/postmaster.pid")
    sessions=$(grep -ls "^PPid:[[:space:]]*$server\$" /proc/[0-9]*/status | cut -d / -f 3 || true)
    # shellcheck disable=SC2086
    kill -KILL "$server" $sessions 2>/dev/null || true
    rm -f "$folder/data/postmaster.pid" # its process may still be listed, and would pass for a server
    ;;
stop)
    cd "$folder"
    "${as[@]}" "$bin/pg_ctl" -D data -w -m immediate stop >/dev/null 2>&1 || true
    ;;
*)
    echo "postgres.sh: start, follow, promote, kill or stop" >&2
    exit 64
    ;;
esac
