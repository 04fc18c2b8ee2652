#!/bin/bash
# attest lm: a tiny model with weights of zero, under which each token is as likely as any other; files
# that are no model; and the real model where it is.
. ci/tests/tap.sh
. ci/tests/tiny_model.sh
attest=${ATTEST:-build/attest}

refused() { # NAME PART ARGS...: exit code 2, nothing on stdout, one line on stderr that holds PART
    local name=$1 part=$2 out status
    shift 2
    out=$("$attest" lm "$@" 2>"$TMPDIR/err")
    status=$?
    equal "$name: exit code" "$status" 2
    [ -z "$out" ] && [ "$(wc -l <"$TMPDIR/err")" -eq 1 ]
    tap_result $? "$name: one line on stderr, none on stdout"
    contains "$name: what is wrong" "$(<"$TMPDIR/err")" "$part"
}

printf 'tea eat ate' >"$TMPDIR/text"
: >"$TMPDIR/empty"
refused "no action" "say what to do" --text "$TMPDIR/text"
refused "unknown action" "say what to do" sing --text "$TMPDIR/text"
refused "two actions" "say what to do" ppl logits --text "$TMPDIR/text"
refused "no text" "name a text" ppl
refused "context of one token" "--context" ppl --text "$TMPDIR/text" --context 1
refused "sequences not a number" "--sequences" ppl --text "$TMPDIR/text" --sequences many
refused "model not there" "none.gguf" ppl --text "$TMPDIR/text" --model "$TMPDIR/none.gguf"
refused "model that is none" "start like GGUF" logits --text "$TMPDIR/text" --model "$TMPDIR/text"
ATTEST_CACHE=$TMPDIR refused "no model fetched" "run datasets/fetch-smollm2.sh" \
    ppl --text "$TMPDIR/text"

# Letters e, a, t, space; merges "ea" and "eat"; one layer of one head; every weight zero but for norms.
if ! command -v python3 >/dev/null; then
    skip "tiny model" "python3 is not installed"
else
    tiny_model "$TMPDIR/tiny.gguf" layers=1 heads=1 hidden=8 ffn=8 context=256 \
        tokens=e,a,t,Ġ,ea,eat merges='e a,ea t'
    tiny=(--model "$TMPDIR/tiny.gguf" --text "$TMPDIR/text" --quiet)
    equal "ids" "$("$attest" lm tokenize "${tiny[@]}" --json)" '{"ids":[2,4,3,5,3,1,2,0]}'
    equal "ids, one a line" "$("$attest" lm tokenize "${tiny[@]}" | tr '\n' ' ')" "2 4 3 5 3 1 2 0 "
    read -r tokens sequences same ppl < <("$attest" lm ppl "${tiny[@]}" --context 3 --json |
        python3 -c 'import json, math, sys
o = json.load(sys.stdin)
print(o["tokens"], len(o["nll_per_sequence"]),
      all(abs(x - math.log(6)) < 1e-12 for x in o["nll_per_sequence"]), round(o["ppl"], 9))')
    equal "ppl: whole windows only" "$tokens $sequences" "6 2"
    equal "ppl: each prediction costs log 6" "$same $ppl" "True 6.0"
    contains "ppl: for people" "$("$attest" lm ppl "${tiny[@]}")" "ppl 6.000000 over 8 tokens"
    contains "ppl: one sequence" "$("$attest" lm ppl "${tiny[@]}" --context 3 --sequences 1)" \
        "over 3 tokens"
    equal "logits" "$("$attest" lm logits "${tiny[@]}" --json)" '{"logits":[0,0,0,0,0,0]}'
    refused "context above the model's" "the model's 256" ppl "${tiny[@]}" --context 257
    refused "empty text" "empty" ppl --model "$TMPDIR/tiny.gguf" --text "$TMPDIR/empty"
    printf 'a' >"$TMPDIR/one"
    refused "one token has no successor" "too few" \
        ppl --model "$TMPDIR/tiny.gguf" --text "$TMPDIR/one"
    printf 'eat it' >"$TMPDIR/foreign"
    equal "a byte without a token is left out" \
        "$("$attest" lm tokenize --model "$TMPDIR/tiny.gguf" --text "$TMPDIR/foreign" --json \
            2>"$TMPDIR/err")" '{"ids":[5,3,2]}'
    contains "and said to be" "$(<"$TMPDIR/err")" "1 bytes have no token"
    # Equal weights: H is ln N at row N - 1, and ln(N!)/N over all rows.
    for _ in $(seq 70); do printf 'tea eat ate '; done >"$TMPDIR/long"
    even=(--model "$TMPDIR/tiny.gguf" --text "$TMPDIR/long" --quiet)
    equal "entropy" "$("$attest" lm entropy "${even[@]}" --context 256 --json | python3 -c '
import json, math, sys
o = json.load(sys.stdin)
near = lambda a, b: abs(a - b) < 1e-9
last, every = o["last"]["pooled"], o["all"]["heads"][0][0]
print(o["contexts"], o["texts"], near(last["alpha"], 1), near(last["beta"], 0),
      near(last["alpha_ci_lo"], 1), near(last["k_eff_mean_exp"][2], 256),
      last["local_slope"][0], near(last["local_slope"][2], 1),
      all(near(h, math.lgamma(n + 1) / n) for n, h in zip(o["contexts"], every["entropy_nats"])))')" \
        "[64, 128, 256] 2 True True True True None True True"
    contains "entropy: for people" "$("$attest" lm entropy "${even[@]}" --context 128)" \
        "last all heads        alpha  1.0000"
    # Inputs of zero have no direction: every key is as near, and only those beyond the 16 positives cost.
    train=(train --model "$TMPDIR/tiny.gguf" --text "$TMPDIR/long" --tokens 64 --sequences 3 --steps 4)
    "$attest" "${train[@]}" --d-search 8,4 --seed 1,2 --out "$TMPDIR/p1.h5" --quiet >"$TMPDIR/out"
    equal "train: its last line is the file" "$(tail -n 1 "$TMPDIR/out")" "$TMPDIR/p1.h5"
    contains "train: loss of an even model" "$(head -n 1 "$TMPDIR/out")" "$(python3 -c '
import math
print("layer  0  d_search 8  seed 1  loss %.4f to step 1" %
      (sum(max(0, math.log(n / 16)) for n in range(2, 65)) / 63))')"
    check "train: sealed" test -s "$TMPDIR/p1.h5.seal"
    "$attest" "${train[@]}" --d-search 8,4 --seed 1,2 --out "$TMPDIR/p2.h5" --threads 1 >/dev/null 2>"$TMPDIR/err"
    check "train: the same bytes on one thread" cmp "$TMPDIR/p1.h5" "$TMPDIR/p2.h5"
    contains "train: progress" "$(<"$TMPDIR/err")" "100% layer 0 is done, loss "
    equal "train: a layer that is not there" \
        "$("$attest" "${train[@]}" --layers 1 --out "$TMPDIR/p3.h5" --quiet 2>&1)" \
        "attest: train: the model has no layer 1, it has 1"
    [ ! -e "$TMPDIR/p3.h5" ]
    tap_result $? "train: no file of what failed"
    refused "entropy of a short text" "too few" entropy "${tiny[@]}"
    refused "entropy of short windows" "a fit needs" entropy "${even[@]}" --context 100
    "$attest" run entropy "${even[@]}" --filter part=fit --out "$TMPDIR/even.h5" >/dev/null 2>&1
    equal "the experiment on this model: alpha of every arm" \
        "$("$attest" show --json "$TMPDIR/even.h5" | python3 -c '
import json, sys
cells = [c for c in json.load(sys.stdin)["cells"]
         if c["params"]["population"] != "all" and c["metrics"]["alpha"]["value"] is not None]
print(sorted({c["arm"] for c in cells}),
      all(abs(c["metrics"]["alpha"]["value"] - 1) < 1e-9 for c in cells))')" \
        "['model', 'norm_matched', 'random', 'shuffled', 'variance_matched'] True"
    refused "trace without a file" "--out" trace --model "$TMPDIR/tiny.gguf"
    equal "trace" "$("$attest" lm trace "${even[@]}" --context 64 --out "$TMPDIR/trace.h5")" \
        "$TMPDIR/trace.h5"
    check "trace: sealed" test -s "$TMPDIR/trace.h5.seal"
    check "records of models are verified" "$attest" verify "$TMPDIR/p1.h5" "$TMPDIR/trace.h5"
    contains "and have no cells to run again" \
        "$("$attest" verify --rerun "$TMPDIR/trace.h5" 2>&1 >/dev/null)" "no cells to run again"
    head -c 2000 "$TMPDIR/tiny.gguf" >"$TMPDIR/cut.gguf"
    refused "truncated model" "cut.gguf" ppl --model "$TMPDIR/cut.gguf" --text "$TMPDIR/text"
fi

if ! "$attest" list datasets | grep -q '^smollm2.*SKIP'; then
    printf 'The capital of France is Paris. The capital of Germany is' >"$TMPDIR/capital"
    equal "the real model: ids" "$("$attest" lm tokenize --text "$TMPDIR/capital" --json)" \
        '{"ids":[504,3575,282,4649,314,7042,30,378,3575,282,4521,314]}'
    contains "the real model: perplexity" "$("$attest" lm ppl --text "$TMPDIR/capital" --quiet)" \
        "nll 1.9988"
    equal "the real model: Berlin" \
        "$("$attest" lm logits --text "$TMPDIR/capital" | sort -k 2 -g | tail -n 1 | cut -c 1-9)" \
        "11452  16"
else
    skip "the real model" "run datasets/fetch-smollm2.sh"
fi
finish
