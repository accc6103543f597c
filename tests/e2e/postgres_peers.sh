#!/usr/bin/env bash
# A study database in a real PostgreSQL: laid by casement db migrate, filled by a sync and by the service from hospitals on
# a real FHIR server, through the death of the database in between. What it holds is what a sync into a file would hold.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"

cluster=$top/tests/support/postgres.sh
port=$((42000 + $$ % 8000))
trap '[ ! -d "$work/pg" ] || "$cluster" stop "$work/pg" $port; $peers stop --dir "$work/peers"; rm -rf "$work"' EXIT

make_cohort 6 --second-delivery
start_hospitals
"$cluster" start "$work/pg" $port >/dev/null
all file
expect "a sync into a file, for comparison" 0 "$(gateway file sync)"
dump "$work/file/study.db" >"$work/file.dump"

# elsewhere NAME: the same, into a schema of the PostgreSQL
elsewhere() {
    all "$1"
    local sink='{"kind": "postgres", "host": "'$work/pg'", "port": '$port', "database": "postgres", "user": "casement", '
    sink+='"tls": false, "schema": "'$1'"}'
    sed -i "s|\"sink\": {[^}]*}|\"sink\": $sink|" "$work/$1/casement.json"
}

# pg SENTENCE
pg() { psql -X -q -t -A -h "$work/pg" -p $port -U casement -d postgres -c "$1"; }

# same NAME: does its study database hold what the file holds?
same() {
    "$casement" export -c "$work/$1/casement.json" --format dump >"$work/$1.dump" 2>"$work/$1.dump.err" &&
        cmp -s "$work/file.dump" "$work/$1.dump"
}

elsewhere laid
expect "before it is laid a sync says what to do" 78 "$(gateway laid sync)"
grep -q "casement db migrate" "$work/laid/sync.err" || fail "$(cat "$work/laid/sync.err")"
"$casement" db migrate -c "$work/laid/casement.json" >"$work/migrate.out" || fail "db migrate"
"$casement" db migrate -c "$work/laid/casement.json" >"$work/migrate.out" || fail "db migrate, again"
expect "then what waited is delivered" 0 "$(gateway laid sync)"
same laid || fail "the schema holds something else than the file: $(cat "$work/laid.dump.err")"
echo "ok: it holds what the file holds"
batches=$(pg "SELECT count(*) FROM laid.batches")
expect "a sync without news delivers nothing" "0 $batches" "$(gateway laid sync) $(pg "SELECT count(*) FROM laid.batches")"

# ---- the service, and a database that dies under it
elsewhere served
"$casement" db migrate -c "$work/served/casement.json" >/dev/null
sed -i '1s/{/{"schedule": {"spread_minutes": 1},/' "$work/served/casement.json"
"$casement" run -c "$work/served/casement.json" >"$work/served/service.out" 2>"$work/served/service.log" &
service=$!
some() { [ "$(pg "SELECT count(*) FROM served.receipts")" -gt 0 ]; }
until_true() {
    local what=$1 i
    shift
    for ((i = 0; i < 200; i++)); do
        if "$@"; then
            echo "ok: $what ($((i / 2)) s)"
            return
        fi
        kill -0 $service 2>/dev/null || fail "the service has gone: $(tail -n 3 "$work/served/service.log")"
        sleep 0.5
    done
    tail -n 5 "$work/served/service.log"
    fail "$what: not within 100 s"
}
until_true "the service begins to deliver" some
"$cluster" kill "$work/pg" $port
sleep 2
"$cluster" start "$work/pg" $port >/dev/null
all_there() { [ "$(pg "SELECT count(*) FROM served.receipts")" = "$(pg "SELECT count(*) FROM laid.receipts")" ]; }
until_true "and goes on when the database is back" all_there
until_true "its schema holds what the file holds" same served
expect "no batch is missing or there twice" 0 "$(pg "SELECT count(*) FROM (SELECT from_revision, lag(to_revision, 1,
    0::bigint) OVER (PARTITION BY subject_key ORDER BY to_revision) AS before FROM served.batches) x
    WHERE from_revision <> before")"
status=0
kill -TERM $service
wait $service || status=$?
expect "SIGTERM is an end and no failure" 0 $status

# ---- a value that a person types over
row=$(pg "SELECT row_id FROM laid.observations WHERE status <> 'withdrawn' AND value_num IS NOT NULL ORDER BY 1 LIMIT 1")
pg "UPDATE laid.observations SET value_num = value_num + 1000 WHERE row_id = '$row'"
typed=$(pg "SELECT value_num FROM laid.observations WHERE row_id = '$row'")
second_delivery
expect "corrections flow" 0 "$(gateway laid sync)"
expect "what a person typed stays" "$typed" "$(pg "SELECT value_num FROM laid.observations WHERE row_id = '$row'")"
leaks=$(awk -F, 'NR > 1 && $3 != "" { print $3 }' "$work/roster.csv" | grep -cFf - "$work/served/service.log" || true)
expect "no patient's id is in the log" 0 "$leaks"
