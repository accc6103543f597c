#!/usr/bin/env bash
# Hospitals that misbehave as real software does, one kind each and all at once: Medplum's data change while they are
# read, oidc-provider's tokens end during a pull, nginx turns away and crawls, mitmdump spoils what is under way. A sync
# waits and succeeds, or ends with its status and one line; once it is quiet, each ends where an undisturbed one ends.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"
sites=(madrid busan essen boston)
TOKEN_S=15 # used for half of that

make_cohort 4
start_hospitals --token-ttl $TOKEN_S

# configured SITE NAME: of one hospital, one request at a time, so that "no request meanwhile" can be seen
configured() {
    local base=PEER_$1_BASE
    configure "$2" "$(endpoint "$1" "${!base}")"
    sed -i 's/"concurrent": 4/"concurrent": 1/' "$work/$2/casement.json"
}

# calm SITE: what an undisturbed sync brings, in $work/SITE.dump
calm() {
    configured "$1" "$1-calm"
    expect "$1: an undisturbed sync succeeds" 0 "$(sync "$1-calm")"
    dump "$work/$1-calm/study.db" >"$work/$1.dump"
    [ "$(grep -c '^observations,' "$work/$1.dump")" -gt 10 ] || fail "$1: there is nothing to lose"
}

# same SITE NAME WHAT: the dump is that of the undisturbed sync
same() {
    dump "$work/$2/study.db" | cmp - "$work/$1.dump" || fail "$3: the dump differs from an undisturbed one"
    echo "ok: $3"
}

# one_line NAME PATTERN: what the failed sync said
one_line() {
    expect "$1: one line" 1 "$(wc -l <"$work/$1/sync.err")"
    grep -Eq -- "$2" "$work/$1/sync.err" || fail "$1: '$2' is not in: $(cat "$work/$1/sync.err")"
    ! grep -Eq 'pat-|eyJ|Bearer' "$work/$1/sync.err" || fail "$1: the line says too much"
    expect "$1: the equation holds" 0 "$(gateway "$1" status)"
}

# until_true WHAT COMMAND...: for a minute
until_true() {
    local i
    for ((i = 0; i < 600; i++)); do
        ! "${@:2}" || return 0
        sleep 0.1
    done
    fail "$1: not within a minute"
}

# ---- nginx: the hospital's own, with other rules

# front SITE: its nginx takes the lines of the standard input: http's, after a line "---" server's, and after another
# those of the place where Observations are searched. Log: $work/SITE.log; what its token server gets: $work/SITE.forms
front() {
    local site=$1 folder=$work/peers/$1 generation
    generation=$site-$((fronts += 1))
    [ -e "$folder/nginx.plain" ] || cp "$folder/nginx.conf" "$folder/nginx.plain"
    rm -f "$folder"/front[0-2]
    touch "$folder"/front{0,1,2}
    awk -v part=0 -v folder="$folder/front" '/^---$/ { part++; next } { print >(folder part) }'
    cat >"$folder/front.http" <<FRONT
log_format times '\$msec \$request_time \$status \$request_method \$request_uri';
log_format form '\$status \$request_body';
$(cat "$folder/front0")
FRONT
    cat >"$folder/front.server" <<FRONT
access_log $work/$site.log times;
$(cat "$folder/front1")
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$http_host;
proxy_set_header X-Forwarded-Proto https;
location = /generation { return 200 $generation; }
location /fhir/R4/Observation {
    $(cat "$folder/front2")
    proxy_pass http://127.0.0.1:$(cat "$folder/fhir.port");
}
location /auth/token {
    access_log $work/$site.log times; access_log $work/$site.forms form; client_body_buffer_size 64k;
    proxy_pass http://127.0.0.1:$(cat "$folder/fhir.port");
}
FRONT
    sed -e "s,^ *server {,    include $folder/front.http;\n&\n    include $folder/front.server;," \
        "$folder/nginx.plain" >"$folder/nginx.conf"
    PATH=$PATH:/usr/sbin nginx -t -q -p "$folder" -c "$folder/nginx.conf" -e "$work/$site.nginx" ||
        fail "nginx does not take the rules of $generation: $(cat "$work/$site.nginx")"
    kill -HUP "$(cat "$folder/nginx.pid")"
    until_true "the rules of $generation" answers_as "$site" "$generation"
    : >"$work/$site.log"
}
fronts=0

answers_as() {
    local token=PEER_$1_TOKEN
    [ "$(curl -s ${CERTIFICATE:+--cert "$CERTIFICATE"} --cacert "$PEERS_CA" \
        "${!token%/auth/token}/generation")" = "$2" ]
}

# quiet_after SITE STATUS SECONDS: once that was answered nothing came for so long, then the sync went on
quiet_after() {
    awk -v status="$2" -v least="$3" '
        turned && !next_at { next_at = $1 - $2 }
        $3 == status { count++; turned = $1 }
        END { printf "%d answers of %s, silence of %.1f s\n", count, status, next_at - turned
            exit !(count == 1 && next_at - turned >= least) }' "$work/$1.log" >"$work/$1.quiet" ||
        fail "$1: asked again too soon: $(cat "$work/$1.quiet")"
    echo "ok: $1: $(cat "$work/$1.quiet")"
}

# turned_away SITE NAME STATUS: a sync that meets that status once
turned_away() {
    configured "$1" "$2"
    touch "$work/$1.busy"
    sync "$2" >"$work/$2.status" &
    until_true "$1 turns somebody away" grep -q " $3 GET" "$work/$1.log"
    rm "$work/$1.busy"
    wait $!
    expect "$1: a sync that met $3 succeeds" 0 "$(cat "$work/$2.status")"
    same "$1" "$2" "$1: and brings everything"
}

# crawled: an answer took so long that it was given up (nginx logs the status that it had sent before)
crawled() { awk '/Observation/ && $2 > 20 { found = 1 } END { exit !found }' "$work/busan.log"; }

nginx_part() {
    local retry_at slow
    calm busan
    front busan <<FRONT
map \$status \$retry_after { 429 6; default ''; }
---
add_header Retry-After \$retry_after always;
---
if (-f $work/busan.busy) { return 429; }
FRONT
    turned_away busan throttled 429
    quiet_after busan 429 5.9

    retry_at=$(($(date +%s) + 15))
    front busan <<FRONT
map \$status \$retry_after { 503 '$(LC_ALL=C date -u -d @$retry_at '+%a, %d %b %Y %H:%M:%S GMT')'; default ''; }
---
add_header Retry-After \$retry_after always;
---
if (-f $work/busan.busy) { return 503; }
FRONT
    turned_away busan maintained 503
    quiet_after busan 503 1
    awk -v at=$retry_at 'seen && $1 - $2 < at { exit 1 } $3 == 503 { seen = 1 }' "$work/busan.log" ||
        fail "busan: asked before the date it named: $(cat "$work/busan.log")"
    echo "ok: busan: nothing was asked before that date"

    front busan <<FRONT
---
gzip off;
---
if (\$arg__offset = '') { set \$limit_rate 25k; }
FRONT
    configured busan slow
    expect "busan: a sync of slow bodies succeeds" 0 "$(sync slow)"
    same busan slow "busan: and brings everything"
    slow=$(awk '$3 == 200 && $2 > 2 { n++ } END { print n + 0 }' "$work/busan.log")
    [ "$slow" -gt 0 ] || fail "busan: no body was slow: $(cat "$work/busan.log")"

    front busan <<FRONT
---
gzip off;
---
limit_rate_after 200;
if (-f $work/busan.crawl) { set \$limit_rate 100; }
FRONT
    configured busan crawl
    touch "$work/busan.crawl"
    sync crawl >"$work/crawl.status" &
    until_true "busan: a body that crawls is given up" crawled
    rm "$work/busan.crawl"
    wait $!
    expect "busan: a sync that met a crawling body succeeds" 0 "$(cat "$work/crawl.status")"
    same busan crawl "busan: and brings everything"
    awk '/Observation/ && $2 > 20 && ($2 < 29 || $2 > 45) { exit 1 }' "$work/busan.log" ||
        fail "busan: a crawling body was not given up after 30 s: $(cut -c 1-60 "$work/busan.log")"
    echo "ok: busan: after 30 s under 1 KiB/s"
}

# ---- oidc-provider: tokens shorter than the pull; and nginx wants a client certificate

# claims: those of the assertions in the log of forms, one line each
claims() {
    node -e 'for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
        const [status, form] = line.split(" ");
        const body = new URLSearchParams(form).get("client_assertion").split(".")[1];
        const { jti, exp, iat } = JSON.parse(Buffer.from(body, "base64url"));
        console.log(status, jti, exp - iat);
    }' <"$work/essen.forms"
}

token_part() {
    local span tokens status
    calm essen
    front essen <<FRONT
limit_req_zone \$server_name zone=pace:1m rate=2r/s;
---
---
limit_req zone=pace burst=10000;
FRONT
    rm -f "$work/essen.forms"
    kill -USR1 "$(cat "$work/peers/essen/nginx.pid")"
    page_size=6 configured essen paced
    expect "essen: a sync longer than its tokens live succeeds" 0 "$(sync paced)"
    same essen paced "essen: and brings everything"
    span=$(awk '/ GET /{ if (!first) first = $1; last = $1 } END { printf "%d", last - first }' "$work/essen.log")
    [ "$span" -gt $TOKEN_S ] || fail "essen: the pull of $span s is shorter than a token's life: lower the pace"
    tokens=$(grep -c '^200 ' "$work/essen.forms")
    [ "$tokens" -ge $((span / TOKEN_S + 1)) ] || fail "essen: only $tokens tokens in $span s"
    expect "essen: no request carried a token that had ended ($tokens tokens in $span s)" 0 \
        "$(grep -c ' 401 ' "$work/essen.log" || true)"
    claims >"$work/essen.claims"
    expect "essen: no jti comes twice" "$(wc -l <"$work/essen.claims")" \
        "$(cut -d' ' -f2 "$work/essen.claims" | sort -u | wc -l)"

    status=$(curl -sS --cacert "$PEERS_CA" -o "$work/replayed.json" -w '%{http_code}' \
        --data "$(tail -n 1 "$work/essen.forms" | cut -d' ' -f2)" "$PEER_essen_TOKEN")
    expect "essen: the server refuses an assertion it took before" "401 invalid_client" \
        "$status $(json "$work/replayed.json" d.error)"

    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/client.key" -out "$work/client.csr" \
        -subj /CN=casement 2>"$work/openssl.log"
    openssl x509 -req -in "$work/client.csr" -CA "$PEERS_CA" -CAkey "${PEERS_CA%.pem}.key" -days 2 \
        -set_serial 77 -out "$work/client.pem" 2>>"$work/openssl.log"
    chmod 600 "$work/client.key"
    cat "$work/client.pem" "$work/client.key" >"$work/client.both"
    CERTIFICATE=$work/client.both front essen <<FRONT
---
ssl_client_certificate $PEERS_CA; ssl_verify_client on;
---
FRONT
    configured essen uncertified
    expect "essen: without a client certificate a sync fails" 77 "$(sync uncertified)"
    one_line uncertified 'client certificate'
    expect "essen: check says so too" 77 "$(gateway uncertified check)"
    grep -E '^FAIL' "$work/uncertified/check.out" | grep -q 'client certificate' ||
        fail "essen: check does not name the client certificate: $(cat "$work/uncertified/check.out")"
    sed -i "s,\"tls\": {,&\"cert\": \"$work/client.pem\"\, \"key\": \"$work/client.key\"\, ," \
        "$work/uncertified/casement.json"
    expect "essen: with one it succeeds" 0 "$(sync uncertified)"
    same essen uncertified "essen: and brings everything"
}

# ---- Medplum: a record that changes while it is read

# changes N: amendments of the first N numeric results of madrid, two of each in turn; each goes in a batch of its own
changes() {
    node -e 'const text = require("fs").readFileSync(process.argv[1], "utf8");
        const lines = text.trim().split("\n").map(l => JSON.parse(l));
        const some = lines.filter(r => r.resourceType === "Observation" && r.valueQuantity?.value > 2)
            .slice(0, Number(process.argv[2]));
        for (const r of some) for (const more of [1, 2]) {
            const quantity = { ...r.valueQuantity, value: Math.round((r.valueQuantity.value + more) * 100) / 100 };
            console.log(JSON.stringify({ ...r, status: "amended", valueQuantity: quantity }));
        }' "$work/load/madrid-1.ndjson" "$1"
}

# deletions: a batch of them, of the resources on the standard input
deletions() {
    node -e 'const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").map(l => JSON.parse(l));
        const entry = [...new Set(lines.map(r => `Observation/${r.id}`))].map(url => (
            { request: { method: "DELETE", url } }));
        console.log(JSON.stringify({ resourceType: "Bundle", type: "batch", entry }));'
}

medplum_part() {
    local token gone before between
    calm madrid
    front madrid </dev/null
    changes 150 >"$work/changes.ndjson"
    "$peers" load --dir "$work/peers" --hospital madrid "$work/changes.ndjson" >"$work/changes.out" &
    until_true "madrid: the first amendment" grep -q ' POST /fhir/R4$' "$work/madrid.log"
    page_size=5 configured madrid amended
    expect "madrid: a sync while results are amended succeeds" 0 "$(sync amended)"
    between=$(awk '$4 == "GET" && /Observation\?/ { between += since; since = 0; begun = 1 }
        begun && $4 == "POST" && $5 == "/fhir/R4" { since++ } END { print between + 0 }' "$work/madrid.log")
    wait $!
    cat "$work/changes.out"
    [ "$between" -ge 10 ] || fail "madrid: only $between amendments came between pages"
    expect "madrid: the next sync succeeds" 0 "$(sync amended)"
    configured madrid afterwards
    expect "madrid: so does a first one afterwards" 0 "$(sync afterwards)"
    ! cmp -s <(dump "$work/afterwards/study.db") "$work/madrid.dump" || fail "madrid: no amendment shows"
    dump "$work/afterwards/study.db" >"$work/madrid.dump"
    same madrid amended "madrid: both end the same, after $between amendments between pages"

    token=$(curl -sS --cacert "$PEERS_CA" "$PEER_madrid_TOKEN" -d grant_type=client_credentials \
        --data-urlencode 'scope=system/*.cruds' \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        --data-urlencode "client_assertion=$(assertion loader "$PEERS_KEYS/loader.jwk" "$PEER_madrid_TOKEN")")
    token=$(json <(echo "$token") d.access_token)
    changes 30 | deletions >"$work/deletions.json"
    curl -sS --cacert "$PEERS_CA" -o "$work/deleted.json" --data "@$work/deletions.json" "$PEER_madrid_BASE" \
        -H 'Content-Type: application/fhir+json' -H "Authorization: Bearer $token"
    expect "madrid: thirty results are deleted" 30 \
        "$(json "$work/deleted.json" 'd.entry.filter((one) => one.response.status === "200").length')"
    expect "madrid: a sync after that succeeds" 0 "$(sync amended)"
    same madrid amended "madrid: what was delivered stays"
    expect "madrid: the equation holds" 0 "$(gateway amended status)"
    configured madrid without
    expect "madrid: a first sync after that succeeds" 0 "$(sync without)"
    before=$(sql "$work/amended/study.db" 'SELECT count(*) FROM observations')
    gone=$((before - $(sql "$work/without/study.db" 'SELECT count(*) FROM observations')))
    [ $gone -gt 0 ] || fail "madrid: no result that was deleted had a row"
    echo "ok: madrid: the server shows $gone rows less"
}

# ---- mitmdump in place of the hospital's nginx

spoiled_start() {
    local port=${PEER_boston_TOKEN#https://localhost:}
    port=${port%/auth/token}
    cat "$work/peers/tls/server.pem" "$work/peers/tls/server.key" >"$work/mitm.pem"
    kill "$(cat "$work/peers/boston/nginx.pid")"
    until_true "boston's nginx goes" test ! -e "$work/peers/boston/nginx.pid"
    FAULT=$work/fault FAULTS=$work/faults mitmdump -q \
        --mode "reverse:http://127.0.0.1:$(cat "$work/peers/boston/fhir.port")" --listen-host 127.0.0.1 \
        --listen-port "$port" --certs "localhost=$work/mitm.pem" --set "confdir=$work/mitm" \
        --set keep_host_header=true --set http2=false -s "$top/tests/e2e/spoil.py" >"$work/mitm.log" 2>&1 &
    echo $! >"$work/mitm.pid"
    until_true "mitmdump answers" curl -sf -o "$work/metadata" --cacert "$PEERS_CA" "$PEER_boston_BASE/metadata"
}

# spoil KIND TIMES
spoil() {
    rm -f "$work/faults"
    echo "$1 $2" >"$work/fault"
}

mitm_part() {
    local began tries
    if ! command -v mitmdump >/dev/null; then
        echo "skipped: mitmdump is not here"
        return
    fi
    calm boston
    spoiled_start

    spoil reset 1000
    configured boston reset
    expect "boston: a sync whose connections all break fails" 69 "$(sync reset)"
    one_line reset 'connection was lost'
    tries=$(grep -c reset "$work/faults") # four, each once more on a new connection by libcurl if its own was old
    [ "$tries" -ge 4 ] && [ "$tries" -le 8 ] || fail "boston: $tries tries, where four are made"
    spoil reset 2
    expect "boston: two of them are got over" 0 "$(sync reset)"
    expect "boston: there were two" 2 "$(grep -c reset "$work/faults")"
    same boston reset "boston: and everything is there"

    spoil html 1000
    configured boston html
    expect "boston: a page of HTML is no empty result" 76 "$(sync html)"
    one_line html 'text/html'
    spoil html 0
    expect "boston: without it the sync succeeds" 0 "$(sync html)"
    same boston html "boston: and everything is there"

    spoil cut 1
    configured boston cut
    began=$SECONDS
    expect "boston: half a body on an open connection is got over" 0 "$(sync cut)"
    [ $((SECONDS - began)) -ge 30 ] || fail "boston: nothing hung"
    expect "boston: there was one" 1 "$(grep -c cut "$work/faults")"
    same boston cut "boston: and everything is there"
}

stop_mitm() { [ ! -e "$work/mitm.pid" ] || kill "$(cat "$work/mitm.pid")" 2>/dev/null || true; }
trap 'stop_mitm; $peers stop --dir "$work/peers"; rm -rf "$work"' EXIT

# ---- all at once: they mostly wait

parts=()
for part in nginx token medplum mitm; do
    (trap - EXIT; ${part}_part) > >(sed -u "s/^/$part  /") 2>&1 &
    parts+=("$part:$!")
done
failed=''
for part in "${parts[@]}"; do
    wait "${part#*:}" || failed+=" ${part%:*}"
done
[ -z "$failed" ] || fail "of the parts:$failed"
