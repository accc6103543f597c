#!/usr/bin/env bash
# The hospitals of scripts/peers are what they claim: strict about who asks, honest about pages, and gone when stopped.
# Nothing of the gateway runs here: the assertions are signed by the jose command, the requests sent by curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
work=$(mktemp -d)
peers=$top/scripts/peers
trap '$peers stop --dir "$work/peers"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

cohort() { # one patient, 25 results, one dose and its medication, and a line no server would take
    echo '{"resourceType":"Patient","id":"pat-1","birthDate":"1950-02-03"}'
    local n
    for n in $(seq -w 25); do
        echo '{"resourceType":"Observation","id":"obs-'"$n"'","status":"final","code":{"text":"made up"},' \
            '"subject":{"reference":"Patient/pat-1"},"effectiveDateTime":"2024-01-'"$n"'"}'
    done
    echo '{"resourceType":"Medication","id":"med-1","code":{"text":"made up"}}'
    echo '{"resourceType":"MedicationAdministration","id":"dose-1","status":"completed",' \
        '"medicationReference":{"reference":"Medication/med-1"},"subject":{"reference":"Patient/pat-1"},' \
        '"effectiveDateTime":"2024-01-15"}'
    echo '{"resourceType":"Observation","id":"cut off'
}

ask_token() { # CLIENT KEY SCOPE: the body in $work/token.json, the status printed
    curl -sS --cacert "$PEERS_CA" -o "$work/token.json" -w '%{http_code}' "$PEER_hm_TOKEN" \
        -d grant_type=client_credentials --data-urlencode "scope=$3" \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        --data-urlencode "client_assertion=$(assertion "$1" "$2" "$PEER_hm_TOKEN")"
}

get() { # URL [CURL OPTION...]: the body in $work/page.json, the status printed
    curl -sS --cacert "$PEERS_CA" -o "$work/page.json" -w '%{http_code}' \
        ${token:+-H "Authorization: Bearer $token"} "$@"
}

cohort >"$work/cohort.ndjson"
status=0
$peers start --dir "$work/peers" --token-ttl 45 --hospital hm "$work/cohort.ndjson" --hospital sg >"$work/start.txt" \
    2>"$work/start.err" || status=$?
cat "$work/start.txt" "$work/start.err"
if [ $status -eq 69 ] && [ "$(wc -l <"$work/start.err")" -eq 1 ]; then
    exit $SKIPPED # no npm, no hospital
fi
expect "two hospitals start" 0 $status
expect "a broken line is left out and counted" \
    "hm: 28 versions loaded, 1 lines left out, 0 refused by the server" "$(grep loaded "$work/start.txt")"
. "$work/peers/peers.env"
expect "both are listed" "hm sg" "$PEERS_HOSPITALS"
expect "a second start in the same folder is refused" 75 \
    "$($peers start --dir "$work/peers" --hospital hm 2>"$work/second" || echo $?)"

token=
expect "the capability statement is open" 200 "$(get "$PEER_hm_BASE/metadata")"
json "$work/page.json" '`peer: ${d.software.name} ${d.software.version}, FHIR ${d.fhirVersion}`'
expect "the software is Medplum" Medplum "$(json "$work/page.json" d.software.name)"
expect "the SMART configuration is open" 200 "$(get "$PEER_hm_BASE/.well-known/smart-configuration")"
expect "it names the token server" "$PEER_hm_TOKEN" "$(json "$work/page.json" d.token_endpoint)"
expect "without a token nothing is read" 401 "$(get "$PEER_hm_BASE/Observation?patient=Patient/pat-1")"
expect "the refusal is FHIR" OperationOutcome "$(json "$work/page.json" d.resourceType)"
expect "our CA is needed" 60 "$(curl -sS -o /dev/null "$PEER_hm_BASE/metadata" 2>"$work/tls" || echo $?)"

jose jwk gen -i '{"alg":"ES384","kid":"casement"}' -o "$work/other.jwk"
expect "a wrong key is refused" 401 "$(ask_token casement "$work/other.jwk" system/Observation.rs)"
expect "an algorithm not registered is refused" 401 \
    "$(ask_token casement-rs384 "$PEERS_KEYS/casement.jwk" system/Observation.rs)"
expect "asking to write is refused" 400 "$(ask_token casement "$PEERS_KEYS/casement.jwk" 'system/*.cruds')"
expect "as a scope" invalid_scope "$(json "$work/token.json" d.error)"
expect "a scope it never heard of gets a token" 200 \
    "$(ask_token casement "$PEERS_KEYS/casement.jwk" system/Observation.d)"
expect "that says it is for nothing" undefined "$(json "$work/token.json" d.scope)"
expect "an RS384 key gets a token" 200 "$(ask_token casement-rs384 "$PEERS_KEYS/casement-rs384.jwk" 'system/*.rs')"
expect "an ES384 key gets a token" 200 \
    "$(ask_token casement "$PEERS_KEYS/casement.jwk" 'system/Observation.rs system/MedicationAdministration.rs')"
expect "for what was asked" 'system/Observation.rs system/MedicationAdministration.rs' \
    "$(json "$work/token.json" d.scope)"
expect "for as long as was configured" 45 "$(json "$work/token.json" d.expires_in)"

token=$(json "$work/token.json" d.access_token)
expect "another type is outside the scope" 403 "$(get "$PEER_hm_BASE/Condition?patient=Patient/pat-1")"
expect "so is writing" 403 "$(get "$PEER_hm_BASE/Observation/obs-01" -X DELETE)"
url="$PEER_hm_BASE/Observation?patient=Patient/pat-1&_sort=date&_count=10"
: >"$work/ids"
pages=0
while [ "$url" != undefined ]; do
    expect "page $((pages += 1)) is served" 200 "$(get "$url")"
    json "$work/page.json" 'd.entry.map((e) => e.resource.id).join("\n")' >>"$work/ids"
    url=$(json "$work/page.json" '(d.link.find((l) => l.relation === "next") ?? {}).url')
done
expect "25 results make three pages of ten" 3 $pages
expect "each comes once" "$(seq -w 25 | sed s/^/obs-/)" "$(sort -u "$work/ids")"
expect "a medication outside the scope does not ride along" 200 \
    "$(get "$PEER_hm_BASE/MedicationAdministration?patient=Patient/pat-1&_include=MedicationAdministration:medication")"
expect "only the dose is there" 1 "$(json "$work/page.json" d.entry.length)"
expect "the other hospital does not know this token" 401 "$(get "$PEER_sg_BASE/Observation")"

echo '{"resourceType":"Observation","id":"obs-01","status":"entered-in-error","code":{"text":"made up"},' \
    '"subject":{"reference":"Patient/pat-1"},"effectiveDateTime":"2024-01-01"}' >"$work/second.ndjson"
expect "a second delivery loads" "hm: 1 versions loaded, 0 lines left out, 0 refused by the server" \
    "$($peers load --dir "$work/peers" --hospital hm "$work/second.ndjson")"
expect "and replaces the first version" 200 "$(get "$PEER_hm_BASE/Observation/obs-01")"
expect "which is retracted" entered-in-error "$(json "$work/page.json" d.status)"
expect "both are in the history" 2 "$(get "$PEER_hm_BASE/Observation/obs-01/_history" >"$work/status"
    json "$work/page.json" d.entry.length)"

$peers stop --dir "$work/peers"
for pid in $PEER_hm_PIDS $PEER_sg_PIDS; do
    ! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status" || fail "process $pid outlives the stop"
done
expect "after the stop nobody answers" 7 "$(curl -sS -o /dev/null "$PEER_hm_BASE/metadata" 2>"$work/tls" || echo $?)"
expect "no key is left" "" "$(find "$work/peers" -name '*.jwk' -o -name '*.key')"
$peers stop --dir "$work/peers"

# the same folder once more, in the foreground, ended from outside
jose jwk pub -s -i "$work/other.jwk" -o "$work/other.jwks"
$peers run --dir "$work/peers" --client-jwks "$work/other.jwks" --hospital hm >"$work/run.txt" 2>&1 &
run=$!
for _ in $(seq 200); do
    ! grep -q '^running' "$work/run.txt" || break
    sleep 0.1
done
. "$work/peers/peers.env"
expect "it starts again in the same folder" 200 "$(get "$PEER_hm_BASE/metadata")"
expect "the key registered this time is taken" 200 "$(ask_token casement "$work/other.jwk" system/Observation.rs)"
expect "its own key of last time is not" 401 \
    "$(ask_token casement "$PEERS_KEYS/casement.jwk" system/Observation.rs)"
kill "$run"
status=0
wait "$run" || status=$?
expect "and ends when told to" 143 $status
expect "with its hospital" 7 "$(curl -sS -o /dev/null "$PEER_hm_BASE/metadata" 2>"$work/tls" || echo $?)"
