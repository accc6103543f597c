#!/usr/bin/env bash
# SIGKILL in the middle of a sync, at fifty system calls spread over it: whatever was on its way to the disk or the
# network, the next sync ends in the dump of an undisturbed one. strace counts the calls of a run that is left alone,
# and kills at the same counts; half of the runs begin with nothing, half with the first delivery in place.
#
# A kill falls inside a transaction when the call it came at writes or syncs a log or journal of the ledger or the study
# database, or when the log ends in frames that no commit follows.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
. "$(dirname "${BASH_SOURCE[0]}")/hospitals.bash"
KILLS=50 LEAST_INSIDE=25
export page_size=100
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # leaks are looked for by ptrace, which strace has already

if ! strace -f -o "$work/probe" true 2>/dev/null; then
    echo "strace cannot trace here"
    exit $SKIPPED
fi

make_cohort 2 --second-delivery
start_hospitals
all clean
expect "check" 0 "$(gateway clean check)"
mkdir "$work/empty" "$work/begun"
cp -r "$work/clean/." "$work/empty/"
expect "a sync of the first delivery" 0 "$(sync clean)"
cp -r "$work/clean/." "$work/begun/"
second_delivery
expect "an undisturbed sync of both" 0 "$(sync clean)"
dump "$work/clean/study.db" >"$work/clean.dump"

# fresh START: $work/victim as it was before the sync
fresh() {
    rm -rf "$work/victim"
    cp -r "$work/$1" "$work/victim"
}

traced() { # OPTION...: the victim's sync under strace (whose --seccomp-bpf would be faster and forget to inject)
    # the shell in between keeps bash from telling of each kill
    (
        strace -f -y -o "$work/trace" "$@" "$casement" sync -c "$work/victim/casement.json" --as-of "$as_of" \
            >"$work/victim.out" 2>"$work/victim.err"
        exit $?
    ) 2>"$work/shell.err"
}

# Every call there is to kill at, one a line: "pwrite64 17 log" is the 17th of the first thread that gets so far, which
# is how strace counts, and it is for a log or journal.
calls=pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev,unlink,ftruncate,rename
points() { # START
    fresh "$1"
    traced -e trace=$calls || fail "an undisturbed sync under strace failed: $(cat "$work/victim.err")"
    awk '$2 ~ /^[a-z0-9]+\(/ {
            call = $2; sub(/\(.*/, "", call); n = ++count[$1, call]
            if (!seen[call, n]++) print call, n, /\.db-(wal|journal)/ ? "log" : "other"
        }' "$work/trace" | sort -k1,1 -k2,2n
}

# spread N: that many lines of the input, the same distance apart
spread() { awk -v n="$1" '{ line[NR] = $0 } END { for (i = 0; i < n; i++) print line[int((i + 0.5) * NR / n) + 1] }'; }

open_frames() { # FILE: "yes" when the log ends in frames without a commit
    python3 - "$1" <<'END'
import os, struct, sys
path, tail = sys.argv[1], False
if os.path.exists(path) and os.path.getsize(path) > 32:
    with open(path, "rb") as log:
        head = log.read(32)
        size, salt = struct.unpack(">I", head[8:12])[0], head[16:24]
        while len(frame := log.read(24)) == 24 and frame[8:16] == salt:
            tail = struct.unpack(">I", frame[4:8])[0] == 0
            if len(log.read(size)) < size:
                tail = True
print("yes" if tail else "no")
END
}

inside=0 kills=0 torn=0 until=0
kill_at() { # START CALL COUNT
    local last where=outside
    fresh "$1"
    ! traced -e trace="$calls" -e inject="$2:signal=KILL:when=$3" || return 1 # it never got so far this time
    last=$(grep -E "^[0-9]+ +$2\(" "$work/trace" | tail -n 1)
    if grep -Eq '\.db-(wal|journal)' <<<"$last"; then
        where=inside
    fi
    if [ "$(open_frames "$work/victim/state/ledger.db-wal")$(open_frames "$work/victim/study.db-wal")" != nono ]; then
        where=inside
        torn=$((torn + 1))
    fi
    [ $where = outside ] || inside=$((inside + 1))
    kills=$((kills + 1))
    expect "killed at $2 $3 of the $1, $where a transaction; the next sync" 0 "$(sync victim)"
    dump "$work/victim/study.db" | cmp - "$work/clean.dump" || fail "the dump shows the kill at $2 $3 of the $1"
    expect "its equation holds" 0 "$(gateway victim status)" >"$work/quiet"
}

for start in empty begun; do
    until=$((until + KILLS / 2))
    points $start >"$work/points.$start"
    echo "$start: $(wc -l <"$work/points.$start") places to kill at"
    { grep 'log$' "$work/points.$start" | spread 19; grep 'other$' "$work/points.$start" | spread 9; } >"$work/chosen"
    while read -r call count _; do
        [ $kills -ge $until ] || kill_at $start "$call" "$count" || true
    done <"$work/chosen"
done
echo "$kills kills, $inside of them inside a transaction of the ledger or the study database ($torn left frames without" \
    "a commit), in $SECONDS s"
[ $kills -ge $KILLS ] || fail "only $kills kills, $KILLS are wanted"
[ $inside -ge $LEAST_INSIDE ] || fail "only $inside kills fell inside a transaction, $LEAST_INSIDE are wanted"
