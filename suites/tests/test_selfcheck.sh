#!/bin/bash
# attest selfcheck on the real registries: TAP, record, tables, and equal digests twice.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
digest() { sed -n "s/^$2: //p" "$1.seal"; }

out=$("$attest" selfcheck --out "$TMPDIR/a.h5" 2>/dev/null)
equal "selfcheck exits 0" $? 0
equal "no line is not ok" "$(grep -c '^not ok' <<<"$out")" 0
equal "the plan counts the lines" "$(sed -n 's/^1\.\.//p' <<<"$out")" "$(grep -c '^ok ' <<<"$out")"
equal "its last line names the record" "$(tail -n 1 <<<"$out")" "# record: $TMPDIR/a.h5"
contains "the table of kinds is a comment" "$out" "# mutants of"
contains "and says why one is absent" "$out" "# fma_peak has no out_of_bounds: it has no buffer"
for line in "accepts stream_read/scalar" "rejects knn/exact/nan_expectation/nan_expectation" \
    "rejects knn/pruned/one_call_late/before_sync" "complete knn/pruned" \
    "fixture adsampling/recall-ties/recall_at_k" "covered crossover/crossover_n"; do
    contains "it has $line" "$out" "- $line"
done
"$attest" verify "$TMPDIR/a.h5" >/dev/null
equal "the record verifies" $? 0
contains "show prints it" "$("$attest" show "$TMPDIR/a.h5")" "l2_scan/scalar"
contains "report draws its tables" "$("$attest" report "$TMPDIR/a.h5" --table judge)" "one_call_late"

mkdir "$TMPDIR/there" # the default path is relative
program=$(realpath "$attest")
out=$(cd "$TMPDIR/there" && "$program" selfcheck 2>/dev/null | tail -n 1)
record=$TMPDIR/there/${out#\# record: }
check "by default it goes to build/records" test -s "$record"
contains "under its name" "$record" "/build/records/selfcheck-"
for part in plan outputs; do
    equal "$part digest is equal the second time" "$(digest "$record" ${part}_digest)" \
        "$(digest "$TMPDIR/a.h5" ${part}_digest)"
done

out=$("$attest" selfcheck --filter 'fixture/.*subject=crossover' --out "$TMPDIR/f.h5" 2>/dev/null)
equal "--filter exits 0" $? 0
equal "--filter leaves what matches" "$(grep -c '^ok ' <<<"$out")" \
    "$(grep -c '^ok .* fixture crossover/' <<<"$out")"
check "which is something" grep -q '^1\.\.[1-9]' <<<"$out"
ATTEST_ISA_MASK=0 "$attest" selfcheck --filter 'accepts/fma_peak' --out "$TMPDIR/s.h5" \
    >"$TMPDIR/skip" 2>/dev/null
equal "skipped kernels are no failure" $? 0
check "and say why" grep -q '^ok .*accepts fma_peak/avx2 # SKIP this CPU lacks' "$TMPDIR/skip"

contains "metrics are listed" "$("$attest" list experiments)" \
    "metric recall_at_k (share, output)"
if command -v python3 >/dev/null; then
    cat >"$TMPDIR/check.py" <<'PY'
import json, sys
rows = {row["name"]: row for row in json.load(sys.stdin)}
metrics = {m["name"]: m for m in rows["adsampling"]["metrics"]}
assert metrics["qps"]["unit"] == "1/s" and metrics["qps"]["kind"] == "measured", metrics
assert metrics["dims_mean"]["kind"] == "output" and metrics["dims_mean"]["meaning"]
PY
    check "also as JSON" python3 "$TMPDIR/check.py" < <("$attest" list experiments --json)
else
    skip "metrics as JSON" "python3 is not installed"
fi
finish
