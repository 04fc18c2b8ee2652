#!/bin/bash
# Kills runs at random moments, resumes them, and looks at what is left.
#
#   ci/torture.sh [N] [SEED]   N kills (default 200); $ATTEST names the program
#
# After every kill: nothing verifies as a record but a complete one, and the journal is no record.
# After resuming: the record is complete and verifies, every cell that was finished before a kill is
# in it with the very numbers it had, and no other file is left.  One line of TAP a run.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=ci/tests/tap.sh
. ci/tests/tap.sh
kills=${1:-200}
RANDOM=${2:-1}
attest=${ATTEST:-build/attest}
command -v python3 >/dev/null || { echo "python3 is not installed" && exit 77; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
record=$work/run/record.h5
shape=n=12000,d=64,queries=50
arguments=(run adsampling crossover --quiet --threads 1 --filter 'crossover/model|l2_scan/scalar|vertical'
    --dataset "clusters:$shape" --dataset "iid:$shape" --dataset "integers:$shape" --out "$record")

# compare BEFORE.json AFTER.json: finished cells are neither lost nor measured again
compare() {
    python3 - "$1" "$2" <<'PY'
import json, sys
before, after = (json.load(open(p)) for p in sys.argv[1:])
cells = {c["id"]: c for c in after["cells"]}
for c in before["cells"]:
    now = cells.get(c["id"])
    if now is None or now["oracle"] != c["oracle"]:
        sys.exit("lost: " + c["id"])
    for name, metric in c["metrics"].items():
        if now["metrics"][name] != metric:
            sys.exit("measured again: %s %s" % (c["id"], name))
PY
}

journal_bytes() { stat -c %s "$record.partial" 2>/dev/null || echo 0; }

# Runs a command and kills it at a random moment: when the journal has grown to a random size, and up
# to 60 ms later; one in eight at a random time of the first second.  True if it was killed and had
# not ended by itself.
killed() {
    local pid target=$((RANDOM * most / 32768)) delay=$((RANDOM % 60)) early=$((RANDOM % 8))
    [ $early -gt 0 ] || target=0 delay=$((RANDOM % 1000))
    "$@" >/dev/null 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ "$(journal_bytes)" -lt $target ]; do sleep 0.005; done
    sleep "0.$(printf %03d $delay)"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -eq 137 ]
}

fault=
fault() { fault=${fault:-$1}; }

# What may lie there after a kill; adds the finished cells to $work/seen.json.
inspect() {
    if "$attest" verify "$record" >/dev/null 2>&1; then
        "$attest" show --json "$record" >"$work/left.json"
        cells=$(grep -c '"id":' "$work/left.json")
        [ "$cells" -eq "$planned" ] || fault "a record of $cells of $planned cells verifies"
    fi
    [ -e "$record.partial" ] || return
    "$attest" verify "$record.partial" >/dev/null 2>&1
    [ $? -eq 3 ] || fault "a journal is taken for a record"
    "$attest" show --json "$record.partial" >"$work/now.json" 2>/dev/null || return
    cells=$(grep -c '"id":' "$work/now.json")
    ! [ -e "$work/seen.json" ] || compare "$work/seen.json" "$work/now.json" ||
        fault "the journal lost a cell"
    mv "$work/now.json" "$work/seen.json"
}

mkdir "$work/run"
"$attest" "${arguments[@]}" >/dev/null &
most=0
while kill -0 $! 2>/dev/null; do
    bytes=$(journal_bytes)
    [ "$bytes" -le "$most" ] || most=$bytes
    sleep 0.01
done
wait $! || exit 1
planned=$("$attest" show --json "$record" | grep -c '"id":')
resumed=0 dead=0

while [ $dead -lt "$kills" ]; do
    rm -rf "$work/run" "$work/seen.json"
    mkdir "$work/run"
    fault='' cells=0
    killed "$attest" "${arguments[@]}" || continue
    dead=$((dead + 1))
    inspect
    at=$cells
    while [ $((RANDOM % 3)) -eq 0 ]; do
        killed "$attest" "${arguments[@]}" --resume && dead=$((dead + 1))
        inspect
        at="$at, $cells"
    done
    [ "$at" = 0 ] || resumed=$((resumed + 1))
    "$attest" "${arguments[@]}" --resume >/dev/null 2>"$work/err" ||
        fault "resuming failed: $(head -n 1 "$work/err")"
    "$attest" verify "$record" >/dev/null || fault "the record does not verify"
    "$attest" show --json "$record" >"$work/end.json"
    [ "$(grep -c '"id":' "$work/end.json")" -eq "$planned" ] || fault "cells are missing"
    ! [ -e "$work/seen.json" ] || compare "$work/seen.json" "$work/end.json" || fault "a cell changed"
    left=$(cd "$work/run" && echo *)
    [ "$left" = "record.h5 record.h5.seal" ] || fault "left behind: $left"
    [ -z "$fault" ]
    tap_result $? "killed with $at of $planned cells finished${fault:+: $fault}"
done
echo "# killed $dead times, $resumed of the runs with finished cells; a journal grows to $most bytes"
finish
