# Helpers shared by the scripts of this folder: sourced by bash, never run. The caller sets program=NAME first.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# die STATUS TEXT: one plain line, and an exit status after sysexits.h (69 away, 70 ours, 73 cannot write, ...).
die() {
    local status=$1
    shift
    echo "$program: $*" >&2
    exit "$status"
}

# quietly TEXT COMMAND...: one line for the step, its output to $log (set by the caller), shown only when it fails.
quietly() {
    local text=$1 began=$SECONDS status=0
    shift
    printf '%s ... ' "$text"
    printf '\n$ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        echo "failed (the end of $log):"
        tail -n 40 "$log" >&2
        return "$status"
    fi
    echo "done ($((SECONDS - began)) s)"
}
