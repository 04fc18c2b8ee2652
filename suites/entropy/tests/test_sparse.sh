#!/bin/bash
# attest run entropy: ranking and 8-bit caches on the committed trace, where no weights are.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/trace.h5
export ATTEST_CACHE=$TMPDIR/no-cache
run() { "$attest" run entropy --profile smoke --quiet "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"; }
values() { # ARM KERNEL METRIC: of all cells of that arm and kernel, in the record's order
    "$attest" show --json "$record" | python3 -c '
import json, sys
arm, kernel, name = sys.argv[1:]
for c in json.load(sys.stdin)["cells"]:
    if c["arm"] == arm and c["kernel"] == kernel:
        metric = c["metrics"][name]
        print("none" if metric is None or metric["value"] is None else "%.6f" % metric["value"])' "$@" |
        paste -sd' '
}

run --filter 'dataset=trace.*part=(ranking|int8)|part=(ranking|int8)/dataset=trace' --out "$record"
equal "the trace needs no weights" "$?$(<"$TMPDIR/err")" 0
equal "every cell passed" "$("$attest" show "$record" | awk '/^entropy\./ { print $2 }' | sort -u)" pass
equal "K = 64 and 128, from the trace and made up, in four formats" \
    "$("$attest" show "$record" | grep -c '^entropy\..* rank/')" 16
for arm in trace gaussian; do
    equal "float64 orders the $arm keys alike by both scores" \
        "$(values $arm rank/f64 order_changed_share)" "0.000000 0.000000"
    equal "and chooses the same" "$(values $arm rank/f64 output_max_abs_diff)" "0.000000 0.000000"
    check "bf16 does not" [ "$(values $arm rank/bf16 order_changed_share)" = "1.000000 1.000000" ]
done
equal "a scale a token" "$(values int8 attention/int8_token kv_bytes_ratio)" 0.515625
equal "a scale a channel for 2048 keys" "$(values int8 attention/int8_channel kv_bytes_ratio)" \
    0.508057
for kernel in int8_token int8_channel; do
    cosine=$(values int8 attention/$kernel output_cosine)
    check "$kernel: outputs are near full attention's, not equal: $cosine" \
        awk "BEGIN { exit !($cosine > 0.99 && $cosine < 0.999999) }"
    equal "$kernel: a trace has no losses" "$(values int8 attention/$kernel ppl_gap)" none
done

"$attest" verify --rerun "$record" >"$TMPDIR/again" 2>&1
equal "the same again" $? 0

run --filter 'flag_off|all_keys' --out "$TMPDIR/skip.h5"
equal "without weights the whole model's cells are skipped" $? 77
contains "with the command that brings them" "$("$attest" show --json "$TMPDIR/skip.h5")" \
    datasets/fetch-smollm2.sh
run --set sparse_tokens=100 --filter flag_off --out "$TMPDIR/short.h5"
equal "a context too short to compare over is no input" $? 2
contains "one line says so" "$(<"$TMPDIR/err")" sparse_tokens
finish
