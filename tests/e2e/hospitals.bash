# Made-up hospitals and a gateway in front of them: sourced by bash after lib.bash, for tests that run the gateway.

sites=(madrid busan) # a test may set others before make_cohort
casement=${CASEMENT:-$top/build/casement}
peers=$top/scripts/peers
[ -x "$casement" ] || fail "no gateway at $casement: build it, or set CASEMENT"
work=$(mktemp -d)
trap '$peers stop --dir "$work/peers"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# make_cohort SUBJECTS [OPTION...]: in $work/cohort, as of $as_of; $work/load/SITE-N.ndjson is what a server would hold of
# delivery N, one version after the other. Every second patient in Busan is known by record number only.
make_cohort() {
    local site n truth=$top/tests/e2e/truth.py
    "$top/scripts/cohort" --out "$work/cohort" --subjects "$1" --seed 7 --sites "$(IFS=,; echo "${sites[*]}")" \
        "${@:2}"
    as_of=$(json "$work/cohort/cohort.json" d.as_of)
    mkdir "$work/load"
    for site in "${sites[@]}"; do
        for n in 1 2; do
            [ ! -d "$work/cohort/$site/delivery-$n" ] ||
                "$truth" loadable "$work/cohort/$site/delivery-$n"/* >"$work/load/$site-$n.ndjson"
        done
    done
    "$truth" strangers "$work/cohort/roster.csv" busan "$work/load/busan-1.ndjson" >"$work/roster.csv"
}

# start_hospitals [OPTION...]: the peers with the first delivery; without npm the test is skipped
start_hospitals() {
    local status=0 site hospitals=()
    for site in "${sites[@]}"; do
        hospitals+=(--hospital "$site" "$work/load/$site-1.ndjson")
    done
    "$peers" start --dir "$work/peers" "$@" "${hospitals[@]}" >"$work/start.txt" 2>"$work/start.err" || status=$?
    cat "$work/start.txt" "$work/start.err"
    if [ $status -eq 69 ] && [ "$(wc -l <"$work/start.err")" -eq 1 ]; then
        exit $SKIPPED
    fi
    expect "the hospitals start" 0 $status
    . "$work/peers/peers.env"
}

# second_delivery: loaded into all
second_delivery() {
    local site
    for site in "${sites[@]}"; do
        "$peers" load --dir "$work/peers" --hospital $site "$work/load/$site-2.ndjson"
    done
}

# endpoint SITE BASE [KEY [SCOPE [CA]]]: one endpoint of a configuration, as JSON
endpoint() {
    printf '{"id": "%s-ehr", "site": "%s", "base": "%s", "site_profile": "%s", "page_size": %d, "concurrent": 4,
        "auth": {"kind": "smart-backend", "client_id": "casement", "key": "%s", "alg": "ES384", "scopes": ["%s"]},
        "tls": {"ca": "%s"}}' "$1" "$1" "$2" "$top/mappings/sites/$1.json" "${page_size:-100}" \
        "${3:-$PEERS_KEYS/casement.jwk}" "${4:-system/*.rs}" "${5:-$PEERS_CA}"
}

# configure NAME ENDPOINT...: $work/NAME/casement.json with a state folder and a study database of its own
configure() {
    local name=$1 endpoints
    shift
    mkdir -p "$work/$name"
    endpoints=$(printf '%s,' "$@")
    cat >"$work/$name/casement.json" <<END
{"installation": "$name", "state": "state", "pseudonym_key": "pseudonym.key",
 "studies": [{"id": "lendex-rrmm", "package": "$top/mappings/studies/lendex-rrmm",
   "enrolment": "$work/roster.csv", "sink": {"kind": "sqlite", "path": "study.db"}}],
 "endpoints": [${endpoints%,}]}
END
}

# all NAME: the configuration of all hospitals
all() {
    local site base endpoints=()
    for site in "${sites[@]}"; do
        base=PEER_${site}_BASE
        endpoints+=("$(endpoint "$site" "${!base}")")
    done
    configure "$1" "${endpoints[@]}"
}

# gateway NAME COMMAND [OPTION...]: run it on the configuration; its output in $work/NAME/COMMAND.{out,err}
gateway() {
    local name=$1 command=$2 status=0
    shift 2
    "$casement" "$command" -c "$work/$name/casement.json" "$@" \
        >"$work/$name/$command.out" 2>"$work/$name/$command.err" || status=$?
    echo $status
}

sync() { gateway "$1" sync --as-of "$as_of" "${@:2}"; }

# dump DATABASE: the canonical dump
dump() { "$casement" export --format dump --db "$1"; }

# sql DATABASE QUERY
sql() { sqlite3 -readonly -cmd '.timeout 2000' "$1" "$2"; }
