#!/usr/bin/env bash
# What goes wrong when a hospital is connected, each with its one line and its exit status (errors_peers.txt has them
# all); and afterwards nothing is lost or half written: once the cause is gone, the next sync ends where an undisturbed
# one ends. After a text was changed on purpose: ERRORS_WRITE=1 tests/e2e/errors_peers.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"
export page_size=500

make_cohort 4
start_hospitals
all good
cp "$work/roster.csv" "$work/whole-roster.csv"
expect "an undisturbed sync succeeds" 0 "$(sync good)"
dump "$work/good/study.db" >"$work/good.dump"

# plain STATUS: a line without what differs from run to run
plain() {
    sed -E "s,$work,DIR,g; s,localhost:[0-9]+,localhost:PORT,g; s,/R4/[A-Za-z]+,/R4/TYPE,
        s,Observation\?(category=[a-z-]+|code=[0-9a-f]+):,Observation?QUERY:,; s,for [0-9]+ s,for N s,; s,^,$1  ,"
}

# wrong NAME STATUS PATTERN: sync of that configuration fails so, in one line
wrong() {
    local name=$1 status=$2 pattern=$3
    expect "$name" "$status" "$(sync "$name")"
    expect "$name: one line" 1 "$(wc -l <"$work/$name/sync.err")"
    grep -Eq -- "$pattern" "$work/$name/sync.err" || fail "$name: '$pattern' is not in: $(cat "$work/$name/sync.err")"
    plain "$status" <"$work/$name/sync.err" | tee -a "$work/errors.txt"
    ! grep -Eq 'pat-|map-0|bup-0|eyJ|Bearer' "$work/$name/sync.err" || fail "$name: the line says too much"
}

# also NAME STATUS PATTERN: check says the same in its words, with the same status
also() {
    local name=$1 status=$2 pattern=$3
    expect "check of $name" "$status" "$(gateway "$name" check)"
    grep -E "^FAIL" "$work/$name/check.out" | grep -Eq -- "$pattern" ||
        fail "check of $name: '$pattern' is not in: $(cat "$work/$name/check.out")"
}

# healed NAME: with good endpoints again, the same state folder ends where the undisturbed sync ended
healed() {
    all "$1"
    rm -f "$work/$1/state/endpoints/"*
    expect "$1, put right" 0 "$(sync "$1")"
    dump "$work/$1/study.db" | cmp - "$work/good.dump" || fail "$1: something was lost or half written"
    expect "$1: the equation holds" 0 "$(gateway "$1" status)"
}

busan=$(endpoint busan "$PEER_busan_BASE")

# ---- who we are
"$casement" keys new --alg ES384 --out "$work/stranger.jwk" >"$work/keys.out"
configure wrong-key "$(endpoint madrid "$PEER_madrid_BASE" "$work/stranger.jwk")" "$busan"
wrong wrong-key 77 'invalid_client|refused'
expect "the other hospital was read all the same" 1 "$(grep -c '^busan-ehr.* ok$' "$work/wrong-key/sync.out")"
also wrong-key 77 'token'
healed wrong-key

configure wrong-scope "$(endpoint madrid "$PEER_madrid_BASE" '' 'system/Observation.rs')" "$busan"
wrong wrong-scope 77 '403|scope'
also wrong-scope 77 'scope|403'
healed wrong-scope

configure no-such-scope "$(endpoint madrid "$PEER_madrid_BASE" '' 'system/Observation.d')" "$busan"
wrong no-such-scope 77 'scope'

# ---- the way there
configure unknown-host "$(endpoint madrid https://fhir.no-such-hospital.invalid/r4)" "$busan"
wrong unknown-host 69 'fhir.no-such-hospital.invalid'
also unknown-host 69 'fhir.no-such-hospital.invalid'

openssl_end() { # FOLDER OPTION...: a server certificate of the hospitals' CA
    mkdir -p "$work/$1"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1/server.key" \
        -out "$work/$1/server.csr" -subj /CN=localhost
    faketime '2025-01-01' openssl x509 -req -in "$work/$1/server.csr" -CA "$PEERS_CA" -CAkey "${PEERS_CA%.pem}.key" \
        -CAcreateserial -days 30 -out "$work/$1/server.pem" -extfile <(echo "subjectAltName=DNS:localhost")
}

# front FOLDER CERTIFICATE: an nginx before madrid that answers some addresses from files
front() {
    local folder=$work/$1 user=''
    [ "$(id -u)" -ne 0 ] || user='user root;'
    mkdir -p "$folder/tmp" "$folder/answers"
    front_port=$(node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => {
        console.log(s.address().port); s.close(); })')
    cat >"$folder/nginx.conf" <<END
$user
pid nginx.pid; error_log error.log; events {}
http {
    access_log off; client_body_temp_path tmp/a; proxy_temp_path tmp/b; fastcgi_temp_path tmp/c;
    uwsgi_temp_path tmp/d; scgi_temp_path tmp/e;
    server {
        listen 127.0.0.1:$front_port ssl; ssl_certificate $2/server.pem; ssl_certificate_key $2/server.key;
        location /fhir/R4/Observation { default_type $3; root $folder/answers; try_files /body =404; }
        location / { proxy_pass ${PEER_madrid_BASE%/fhir*}; proxy_set_header Host ${PEER_madrid_TOKEN#https://}; }
    }
}
END
    sed -i "s|proxy_set_header Host \(.*\)/auth/token;|proxy_set_header Host \1; proxy_set_header X-Forwarded-Proto https;|" \
        "$folder/nginx.conf"
    PATH=$PATH:/usr/sbin nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log" 2>/dev/null
    fronts+=("$folder/nginx.pid")
}
fronts=()
stop_fronts() {
    local pid
    for pid in "${fronts[@]}"; do
        kill "$(cat "$pid")" 2>/dev/null || true
    done
}
trap 'stop_fronts; $peers stop --dir "$work/peers"; rm -rf "$work"' EXIT

openssl_end expired 2>"$work/openssl.log"
front expired "$work/expired" application/fhir+json
configure expired-certificate "$(endpoint madrid "https://localhost:$front_port/fhir/R4")" "$busan"
wrong expired-certificate 76 'expired'
also expired-certificate 76 'expired on 2025-01-31'
healed expired-certificate

configure other-authority "$(endpoint madrid "$PEER_madrid_BASE" '' '' /etc/ssl/certs/ca-certificates.crt)" "$busan"
wrong other-authority 76 'certificate'
also other-authority 76 'certificate'

# ---- answers that are none
front html "${PEERS_CA%/*}" text/html
echo '<html><body>Please log in</body></html>' >"$work/html/answers/body"
configure html "$(endpoint madrid "https://localhost:$front_port/fhir/R4")" "$busan"
wrong html 76 'text/html'
also html 76 'text/html'
healed html

front half "${PEERS_CA%/*}" application/fhir+json
printf '{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"' \
    >"$work/half/answers/body"
configure half "$(endpoint madrid "https://localhost:$front_port/fhir/R4")" "$busan"
wrong half 76 'Observation'
also half 76 'Observation'
healed half

# ---- our own settings: nothing is asked at all
sed 's,Europe/Madrid,Europe/Madird,' "$top/mappings/sites/madrid.json" >"$work/madird.json"
all wrong-zone
sed -i "s,$top/mappings/sites/madrid.json,$work/madird.json," "$work/wrong-zone/casement.json"
wrong wrong-zone 78 'madird.json.*Europe/Madird|Europe/Madird'
also wrong-zone 78 'Europe/Madird'

mkdir "$work/a-folder"
cp "$PEERS_KEYS/casement.jwk" "$work/locked.jwk"
chmod 000 "$work/locked.jwk"
unreadable=$work/locked.jwk
[ "$(id -u)" -ne 0 ] || unreadable=$work/a-folder # root reads everything else
configure unreadable-key "$(endpoint madrid "$PEER_madrid_BASE" "$unreadable")" "$busan"
wrong unreadable-key 78 "$(basename "$unreadable")"
sed -i '$d' "$work/errors.txt" # root and others read different things there
also unreadable-key 78 "$(basename "$unreadable")"
healed unreadable-key

install -m 0644 "$PEERS_KEYS/casement.jwk" "$work/open.jwk"
configure open-key "$(endpoint madrid "$PEER_madrid_BASE" "$work/open.jwk")" "$busan"
wrong open-key 78 'open.jwk.*(chmod|600)'
also open-key 78 'open.jwk'

all open-pseudonyms
openssl rand -hex 32 >"$work/open-pseudonyms/pseudonym.key"
chmod 0644 "$work/open-pseudonyms/pseudonym.key"
wrong open-pseudonyms 78 'pseudonym.key.*(chmod|600)'
also open-pseudonyms 78 'pseudonym.key'

all lost-pseudonyms
expect "a key is made for a new ledger" 0 "$(sync lost-pseudonyms)"
rm "$work/lost-pseudonyms/pseudonym.key"
wrong lost-pseudonyms 78 'pseudonym.key.*missing'

# ---- two at once
flock "$work/good/state/ledger.db" sh -c "touch '$work/held'; sleep 3" &
while [ ! -e "$work/held" ]; do
    sleep 0.05
done
wrong good 75 'another instance|held|in use'
wait $! || true
expect "when the other is gone it works again" 0 "$(sync good)"

[ -z "${ERRORS_WRITE:-}" ] || cp "$work/errors.txt" "${BASH_SOURCE[0]%.sh}.txt"
diff "${BASH_SOURCE[0]%.sh}.txt" "$work/errors.txt" || fail "the lines differ from those of errors_peers.txt"
echo "ok: every line is the one that is written down"
