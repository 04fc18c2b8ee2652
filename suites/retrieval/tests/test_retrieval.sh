#!/bin/bash
# attest run retrieval on a tiny model with random weights; run again, drawn; without weights.
. ci/tests/tap.sh
. ci/tests/tiny_model.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/tiny.h5
run() { "$attest" run retrieval --profile smoke --quiet "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"; }

ATTEST_CACHE=$TMPDIR/no-cache run --filter '/window/' --out "$TMPDIR/skip.h5"
equal "without weights every cell is skipped" $? 77
contains "with the command that brings them" "$("$attest" show --json "$TMPDIR/skip.h5")" \
    datasets/fetch-smollm2.sh

if ! command -v python3 >/dev/null; then
    skip "a tiny model" "python3 is not installed"
    finish
fi

# Five layers of four heads over two KV heads; letters are tokens; random weights and text.
tiny_model "$TMPDIR/tiny.gguf" layers=5 heads=4 kv_heads=2 hidden=32 ffn=24 context=512 \
    deviation=0.4 tokens=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,ab,cd merges='a b,c d' \
    text="$TMPDIR/text" letters=abcdefghijklmnopqrst
tiny=(--model "$TMPDIR/tiny.gguf" --text "$TMPDIR/text")
run "${tiny[@]}" --out "$record"
equal "a user's model and text" "$?$(<"$TMPDIR/err")" 0

cells() { # EXPRESSION: of the cells that ran, as Python's cells; m(cell, name) is a metric's value
    "$attest" show --json "$record" | python3 -c '
import json, sys
every = json.load(sys.stdin)["cells"]
cells = [c for c in every if c["oracle"] != "skip"]
p = lambda c, name: c["params"].get(name)
part = lambda name: [c for c in cells if p(c, "part") == name]
def m(c, name):
    metric = c["metrics"].get(name)
    return None if metric is None else metric["value"]
print(eval(sys.argv[1].strip()))' "$1"
}
equal "no cell failed" "$(cells '[c["arm"] for c in cells if c["oracle"] == "fail"]')" "[]"
equal "learned methods have no projections of it" \
    "$(cells 'sorted({c["arm"] for c in every} - {c["arm"] for c in cells})')" "['hnsw', 'learned']"
equal "an oracle's own set has recall 1" \
    "$(cells '{m(c, "recall_at_k_per_head") for c in part("quality") if c["arm"] == "oracle_per_head"}')" \
    "{1}"
equal "no recall, mass or share is above 1" \
    "$(cells 'max(m(c, n) for c in part("quality") if c["arm"] != "full" for n in
        ("recall_at_k_per_head", "recall_at_k_shared", "mass_at_k", "retained_share", "read_share")
        if m(c, n) is not None)')" 1
equal "the per-head oracle has the most mass" "$(cells '
    max((m(c, "mass_at_k"), c["arm"]) for c in part("quality")
        if p(c, "sequences") == "single" and p(c, "kept") == 32 and p(c, "population") == "all")[1]')" \
    oracle_per_head
equal "queries of two windows of 256 tokens in one layer" \
    "$(cells '{m(c, "queries") for c in part("quality") if p(c, "sequences") == "single" and
        p(c, "population") == "all" and c["arm"] != "full"}')" "{512}"
equal "of those with more than 64 keys" \
    "$(cells '{m(c, "queries") for c in part("quality") if p(c, "sequences") == "single" and
        p(c, "population") == "long" and p(c, "kept") == 64}')" "{384}"
equal "the gap is that of the perplexities" "$(cells '
    {abs(m(c, "ppl") / m(full, "ppl") - 1 - m(c, "ppl_gap")) < 1e-12
     for full in part("quality") if full["arm"] == "full"
     for c in part("quality")
     if m(c, "ppl_gap") is not None and p(c, "sequences") == p(full, "sequences")}')" "{True}"
equal "decoded, and timed" "$(cells '
    sorted((c["arm"], m(c, "tokens_per_s") > 0, 0 < m(c, "attention_share") < 1)
        for c in part("decode"))')" \
    "[('full', True, True), ('quest', True, True)]"
equal "K as large as the text: the plain path's logits" \
    "$(cells 'sorted((c["arm"], m(c, "logit_max_abs_diff")) for c in part("identity"))')" \
    "[('oracle_per_head', 0), ('oracle_shared', 0), ('quest', 0), ('random', 0), ('raw_qk', 0), ('window', 0)]"
equal "edges are left out" "$(cells '
    sorted((p(c, "chosen"), m(c, "coverage")) for c in part("coverage"))')" \
    "[('edges 1+1', 0.6), ('edges 2+0', 0.6), ('edges 3+1', 0.2)]"

"$attest" verify --rerun "$record" >"$TMPDIR/again" 2>&1
equal "the same again" $? 0
check "cell by cell" grep -q ' 0 differ, 0 may differ' "$TMPDIR/again"
"$attest" report "$record" --format csv --out "$TMPDIR/report" >"$TMPDIR/files" 2>"$TMPDIR/err"
equal "tables" $? 0
check "of recall" grep -q '^64,oracle_shared,' "$TMPDIR/report/tiny-retrieval-quality-1.csv"

"$attest" train "${tiny[@]}" --steps 2 --sequences 2 --tokens 64 --out "$TMPDIR/projections.h5" \
    --quiet >"$TMPDIR/out" 2>"$TMPDIR/err"
equal "projections of the tiny model" "$?$(<"$TMPDIR/err")" 0
"$attest" train "${tiny[@]}" --steps 2 --sequences 2 --tokens 64 --layers 0 --quiet \
    --out "$TMPDIR/first.h5" >"$TMPDIR/out" 2>"$TMPDIR/err"
equal "projections of its first layer" "$?$(<"$TMPDIR/err")" 0
record=$TMPDIR/skipped.h5
run "${tiny[@]}" --set projections="$TMPDIR/first.h5" --out "$record" \
    --filter '/(quest|learned)/.*part=(quality|coverage|paired|decode)'
equal "a run goes on where layers have none" "$?$(<"$TMPDIR/err")" 0
equal "and says which" "$(cells '
    {c["reason"][:23] for c in every if c["oracle"] == "skip"}')" "{'no projections of layer'}"
record=$TMPDIR/graphs.h5
run "${tiny[@]}" --set projections="$TMPDIR/projections.h5" --out "$record" \
    --filter '/hnsw/.*part=quality'
equal "graph searches" "$?$(<"$TMPDIR/err")" 0
equal "more keys wanted, more evaluated, up to all of a short text" "$(cells '
    {(texts == "packed" or share(32) < share(64), 0.9 < share(64) < 1.2)
     for kernel in {c["kernel"] for c in cells} for texts in ("single", "packed")
     for share in [lambda k: [m(c, "evaluated_share") for c in cells if c["kernel"] == kernel and
        (p(c, "sequences"), p(c, "kept"), p(c, "population")) == (texts, k, "all")][0]
        ]} <= {(True, True)}')" True
record=$TMPDIR/decode.h5
run "${tiny[@]}" --set projections="$TMPDIR/projections.h5" --filter part=decode --out "$record"
equal "decoded with them" "$?$(<"$TMPDIR/err")" 0
equal "a graph that grew finds almost all, as one built at once does; none in a build without" "$(cells '
    {(c["oracle"], m(c, "recall_grown") > 0.9, m(c, "recall_rebuilt") > 0.9,
      m(c, "evaluated_share") > 0, 0 < m(c, "insertion_share") < m(c, "attention_share"))
     for c in part("decode") if c["arm"] == "hnsw"} <= {("pass", True, True, True, True)}')" True

run "${tiny[@]}" --set retrieval_tokens=100 --out "$TMPDIR/short.h5"
equal "sequences too short are no input" $? 2
contains "one line says so" "$(<"$TMPDIR/err")" retrieval_tokens
run "${tiny[@]}" --set projections="$TMPDIR/none.h5" --out "$TMPDIR/none.h5"
equal "projections that are not there are no input" $? 2
finish
