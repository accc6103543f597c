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
