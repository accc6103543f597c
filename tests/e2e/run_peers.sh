#!/usr/bin/env bash
# The service with hospitals on a real FHIR server: by itself it brings home what a sync brings home; meanwhile status
# answers and a decision acts; a changed roster is taken up; SIGTERM ends it within ten seconds, and a second start asks
# for next to nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"

make_cohort 6
start_hospitals
all one
expect "a sync, for comparison" 0 "$(gateway one sync)"
dump "$work/one/study.db" >"$work/one.dump"

# subjects of a roster are drawn out over spread_minutes: here nobody waits for that
all two
sed -i '1s/{/{"schedule": {"spread_minutes": 1},/' "$work/two/casement.json"

service=
start_service() {
    "$casement" run -c "$work/two/casement.json" >"$work/two/service.out" 2>>"$work/two/service.log" &
    service=$!
}

# until WHAT COMMAND...: for two minutes
until_true() {
    local what=$1 i
    shift
    for ((i = 0; i < 240; i++)); do
        if "$@"; then
            echo "ok: $what ($((i / 2)) s)"
            return
        fi
        kill -0 $service 2>/dev/null || fail "the service has gone: $(tail -n 3 "$work/two/service.log")"
        sleep 0.5
    done
    tail -n 5 "$work/two/service.log"
    fail "$what: not within two minutes"
}

same_dump() {
    [ -s "$work/two/study.db" ] && dump "$work/two/study.db" >"$work/two.dump" 2>/dev/null &&
        cmp -s "$work/one.dump" "$work/two.dump"
}

start_service
until_true "the service brings home what the sync does" same_dump
expect "status answers beside it" 0 "$(gateway two status --json)"
expect "and the equation holds" true "$(json "$work/two/status.out" d.parts.balanced)"
expect "a second service is refused" 75 "$(gateway two run)"

# ---- a roster that changes
head -n 1 "$work/roster.csv" >"$work/roster.new"
awk -F, -v OFS=, 'NR == 2 { $8 = "2024-03-01" } NR > 1' "$work/roster.csv" >>"$work/roster.new"
gone=$(awk -F, 'NR == 2 { print $4 }' "$work/roster.csv")
mv "$work/roster.new" "$work/roster.csv"
withdrawn() {
    [ "$(sql "$work/two/study.db" "SELECT withdrawal_date FROM subjects WHERE subject_key = '$gone'")" = 2024-03-01 ]
}
until_true "a withdrawal is taken up by itself" withdrawn

# ---- the end
began=$SECONDS
status=0
kill -TERM $service
wait $service || status=$?
expect "SIGTERM is an end and no failure" 0 $status
[ $((SECONDS - began)) -le 10 ] || fail "it took $((SECONDS - began)) s to end"
expect "every line of the log is JSON" "" \
    "$(node -e 'require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").forEach(l => JSON.parse(l))' \
        "$work/two/service.log" 2>&1)"
leaks=$(awk -F, 'NR > 1 && $3 != "" { print $3 }' "$work/roster.csv" | grep -cFf - "$work/two/service.log" || true)
expect "no patient's id is in the log" 0 "$leaks"
expect "nothing was written to its output" 0 "$(wc -c <"$work/two/service.out")"
