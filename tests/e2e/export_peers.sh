#!/usr/bin/env bash
# What casement exports as FHIR is FHIR, by two validators that are not ours and that see different mistakes: `fhir`
# (bindings, cardinalities) and Medplum's (dates, nulls, invariants). Then the same files spoilt are refused, so that
# both are known to look. What neither sees (references, ids) is in tests/sinks/test_fhir.c.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.bash"

[ -x "${CASEMENT:-}" ] || { echo "CASEMENT names no program" && exit $SKIPPED; }
"$top/scripts/peers" install || exit $SKIPPED
export NODE_PATH=$top/build/peers/node_modules
node=$(echo "$NODE_PATH"/node-linux-*/bin/node)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$CASEMENT" map --as-of 2026-06-30 --study "$top/mappings/studies/lendex-rrmm" --site "$top/mappings/sites/madrid.json" \
    --enrolment "$top/fixtures/cohort-small/roster.csv" --out "$work/out" "$top/fixtures/cohort-small/madrid" \
    >"$work/map.log" 2>&1 || fail "map: $(tail -n 3 "$work/map.log")"
"$CASEMENT" export --format fhir --db "$work/out/study/study.db" --out "$work/fhir"
for type in ResearchSubject AdverseEvent Provenance; do
    [ -s "$work/fhir/$type.ndjson" ] || fail "no $type was exported: there is nothing to validate"
done
"$node" "$here/fhir.js" "$work"/fhir/*.ndjson || fail "what was exported is not valid"

spoil() { # TYPE WHAT SCRIPT WHO
    sed "$3" "$work/fhir/$1.ndjson" >"$work/spoilt.ndjson"
    ! cmp -s "$work/fhir/$1.ndjson" "$work/spoilt.ndjson" || fail "$2: nothing was spoilt"
    ! "$node" "$here/fhir.js" "$work/spoilt.ndjson" >"$work/said" || fail "$2 passed"
    grep -q ": $4: " "$work/said" || fail "$2 was not seen by $4: $(head -n 2 "$work/said")"
    echo "ok: $4 refuses $2"
}
spoil AdverseEvent "a code that does not exist" 's/"actuality":"actual"/"actuality":"real"/' fhir
spoil AdverseEvent "an event of nobody" 's/,"subject":/,"subjekt":/' medplum
spoil ResearchSubject "a day that does not exist" 's/"start":"[0-9-]*"/"start":"2024-13-40"/' medplum
spoil Provenance "a provenance without a moment" 's/,"recorded":"[^"]*"//' fhir
