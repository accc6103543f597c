# Helpers of the end-to-end tests: sourced by bash. A test prints what it checks and leaves at the first surprise.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SKIPPED=125 # what CTest counts as skipped (CMakeLists.txt)

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect WHAT WANTED GOT
expect() {
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
    echo "ok: $1"
}

# json FILE EXPRESSION: what the JavaScript expression over the document `d` gives
json() {
    node -e 'const d = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const v = eval(process.argv[2]); console.log(typeof v === "object" ? JSON.stringify(v) : v);' "$1" "$2"
}

# assertion CLIENT KEY AUDIENCE: a signed one, good for a minute, by the jose command; $work is the test's folder
assertion() {
    local now
    now=$(date +%s)
    printf '{"iss":"%s","sub":"%s","aud":"%s","jti":"%s","iat":%d,"exp":%d}' "$1" "$1" "$3" \
        "$now-$RANDOM$RANDOM" "$now" $((now + 60)) >"$work/claims"
    jose jws sig -I "$work/claims" -k "$2" -c -s "{\"protected\":{\"typ\":\"JWT\",\"kid\":\"$1\"}}"
}
