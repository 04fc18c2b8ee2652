#!/bin/bash
# attest run tiers: every part's smallest cells, run again, drawn, and latencies of all requests.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/tiers.h5
some='/config=micro|/model//table=results'
cells() { # EXPRESSION: over the list c of cells
    "$attest" show --json "$record" | python3 -c '
import json, sys
c = json.load(sys.stdin)["cells"]
print(eval(sys.argv[1]))' "$1"
}
"$attest" run tiers --profile smoke --quiet --filter "$some" --out "$record" >"$TMPDIR/out" 2>"$TMPDIR/err"
equal "latency, mixtures and model" "$?$(<"$TMPDIR/err")" 0
equal "no cell failed" "$(cells '{x["oracle"] for x in c} <= {"pass", "marginal"}')" True
equal "every tier was timed" \
    "$(cells 'sorted({x["params"]["tier"] for x in c if x["arm"] == "tier" and x["metrics"]["latency_p50_us"]["value"] > 0})')" \
    "[0, 1, 2, 3]"
equal "multiply-adds of tiers 1 and 2 over tier 0's" \
    "$(cells 'sorted({round(x["metrics"]["macs_ratio"]["value"], 4) for x in c if x["arm"] == "tier"})')" \
    "[0, 0.0645, 0.2508, 1]"
equal "exact shares are exact" \
    "$(cells '[x["metrics"]["tier_share"]["value"] for x in c if x["params"].get("workload") == "interactive" and x["params"].get("order") == "exact"]')" \
    "[0.2]"
equal "measured values stand beside the printed ones" \
    "$(cells '[x["metrics"]["measured"]["value"] > 0 for x in c if x["params"].get("quantity") == "latency" and x["params"].get("config") == "micro"]')" \
    "[True, True, True]"
mixture=$(cells '[x["id"] for x in c if x["arm"] == "open"][0]')
equal "the latency of every request is kept" \
    "$("$attest" show "$record" --cell "$mixture" | grep -c '^latencies: 3000 requests')" 1
"$attest" verify --rerun "$record" >"$TMPDIR/again" 2>&1
equal "the same again" $? 0
check "cell by cell" grep -q ' 0 differ, 0 may differ' "$TMPDIR/again"
"$attest" report "$record" --format md,csv --out "$TMPDIR/report" >"$TMPDIR/files" 2>"$TMPDIR/err"
equal "tables are drawn" "$?$(<"$TMPDIR/err")" 0
check "with the bound of multiply-adds" grep -q 'bound by multiply-adds' "$TMPDIR/report/tiers.md"
equal "energy that no counter gives is no number" \
    "$(cells 'all(x["metrics"]["energy_mj"]["value"] is None or x["metrics"]["energy_mj"]["value"] > 0 for x in c)')" True
finish
