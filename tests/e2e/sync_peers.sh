#!/usr/bin/env bash
# Four hospitals on a real FHIR server, each with its own ways of writing: what `sync` brings home is what the made-up
# cohort says, and what `map` makes of the same resources from files; a second sync writes nothing; corrections,
# retractions and late results of a second delivery change what they should, whether a sync or a refetch brings them; page
# size, locale and time zone change nothing, nor does a sync without a check before it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"
truth=$top/tests/e2e/truth.py
export page_size=250
sites=(madrid busan essen boston)

make_cohort 16 --faults --second-delivery
start_hospitals
all one
expect "check finds nothing to fail for" 0 "$(gateway one check)"
software=$(sed -n 's/.* metadata  *//p' "$work/one/check.out")
echo "$software" | sed 's/^/peer: /'
expect "all peers are Medplum" 4 "$(grep -c '^Medplum ' <<<"$software")"
expect "the profile says that _lastUpdated is honoured" true \
    "$(json "$work/one/state/endpoints/busan-ehr.json" d.last_updated)"
expect "and that _include brings Medications" true "$(json "$work/one/state/endpoints/busan-ehr.json" d.includes)"

# ---- the first delivery
expect "the first sync succeeds" 0 "$(sync one)"
cat "$work/one/sync.out"
"$truth" delivered "$work/cohort" 1 "$work/one/study.db"
for site in "${sites[@]}"; do
    "$casement" map --study "$top/mappings/studies/lendex-rrmm" --site "$top/mappings/sites/$site.json" \
        --enrolment "$work/roster.csv" --as-of "$as_of" --out "$work/map-$site" "$work/load/$site-1.ndjson" \
        >"$work/map.out" 2>"$work/map.err"
done
"$truth" same "$work/one/study.db" "$work"/map-*/study/study.db
expect "the equation holds" 0 "$(gateway one status)"

# ---- nothing new
dump "$work/one/study.db" >"$work/first.dump"
before=$(sha256sum <"$work/one/study.db")
items=$(sql "$work/one/state/ledger.db" 'SELECT count(*), max(id) FROM items')
expect "the second sync succeeds" 0 "$(sync one)"
expect "and says that nothing is new" 1 "$(grep -c '^nothing new: no row written' "$work/one/sync.out")"
expect "the study database is the same file, byte for byte" "$before" "$(sha256sum <"$work/one/study.db")"
expect "no exception was added" "$items" "$(sql "$work/one/state/ledger.db" 'SELECT count(*), max(id) FROM items')"

# ---- asked again
cursors() { sql "$work/$1/state/ledger.db" 'SELECT * FROM cursors ORDER BY 1, 2, 3, 4, 5'; }
new_versions() { json "$work/$1/replay.out" 'd.endpoints.reduce((sum, endpoint) => sum + endpoint.new, 0)'; }
cursors one >"$work/cursors"
expect "all is asked for again" 0 "$(gateway one replay --refetch --reason "a look" --json)"
expect "of hospitals that did not change all are exact repeats" 0 "$(new_versions one)"
expect "and nothing follows" "$before" "$(sha256sum <"$work/one/study.db")"
cursors one | cmp - "$work/cursors" || fail "a cursor moved"
cp -r "$work/one" "$work/again"

# ---- the second delivery
cp "$work/one/study.db" "$work/before.db"
second_delivery
expect "the third sync succeeds" 0 "$(sync one)"
cat "$work/one/sync.out"
"$truth" delivered "$work/cohort" 2 "$work/one/study.db"
"$truth" changes "$work/cohort" "$work/before.db" "$work/one/study.db"
dump "$work/one/study.db" >"$work/one.dump"
! cmp -s "$work/first.dump" "$work/one.dump" || fail "the dump does not show the second delivery"
expect "asking again without a sync succeeds" 0 "$(gateway again replay --refetch --reason "second delivery" --json)"
[ "$(new_versions again)" -gt 0 ] || fail "no new version was found"
cursors again | cmp - "$work/cursors" || fail "a cursor moved"
dump "$work/again/study.db" | cmp - "$work/one.dump" || fail "asked again, the second delivery is another"

# ---- from nothing, in other ways
german=$(locale -a 2>/dev/null | grep -ix 'de_DE.utf-\?8' | head -n 1 || true)
page_size=37 all two
page_size=1000 all three
mkdir -p "$work/three/state"
cp -r "$work/one/state/endpoints" "$work/three/state/"
expect "a fresh sync with small pages succeeds" 0 "$(LC_ALL=${german:-C.UTF-8} TZ=Pacific/Apia sync two)"
expect "a fresh sync with large pages succeeds" 0 "$(LC_ALL=C TZ=America/St_Johns sync three)"
for name in two three; do
    dump "$work/$name/study.db" >"$work/$name.dump"
    cmp "$work/one.dump" "$work/$name.dump" || fail "the way there shows in the dump of $name"
done
echo "ok: three ways, one dump of $(wc -l <"$work/one.dump") lines (locale ${german:-C.UTF-8})"
