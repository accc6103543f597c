#!/usr/bin/env bash
# Every factor of the unit tables says what UCUM says, by an implementation of UCUM that is not ours; where UCUM cannot
# convert (an amount of substance, an equivalent) what the molar mass says, worked out exactly. Then a table with one
# wrong factor is refused, so that the check is known to see one.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.bash"

"$top/scripts/peers" install || exit $SKIPPED
export NODE_PATH=$top/build/peers/node_modules
node=$(echo "$NODE_PATH"/node-linux-*/bin/node)

judge() { # FOLDER
    "$here/units.py" list "$1" | "$node" "$here/ucum.js" | "$here/units.py" judge
}

judge "$top/mappings/common"

wrong=$(mktemp -d)
trap 'rm -rf "$wrong"' EXIT
for change in 's/mg\/dL=88\.4|/mg\/dL=88.5|/' 's/g\/dL=10|/g\/dL=100|/'; do
    cp "$top"/mappings/common/{loinc-labs,dose-units}.csv "$wrong"
    sed -i "$change" "$wrong/loinc-labs.csv"
    ! judge "$wrong" >"$wrong/said" || fail "a wrong factor passed: $change"
    echo "ok: refuses $(head -n 1 "$wrong/said" | tr '\t' ' ')"
done
