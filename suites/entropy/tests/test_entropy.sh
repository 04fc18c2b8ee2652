#!/bin/bash
# attest run entropy on the committed trace, where no weights are; killed, resumed, run again, drawn.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/trace.h5
export ATTEST_CACHE=$TMPDIR/no-cache
fit='part=fit/dataset=trace'
run() { "$attest" run entropy --profile smoke --quiet "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"; }
value() { # FILTER METRIC: of the only cell that matches
    "$attest" show --json "$record" | python3 -c '
import json, re, sys
cells = [c for c in json.load(sys.stdin)["cells"]
         if re.search(sys.argv[1], c["arm"] + "/" + "/".join(f"{k}={v}" for k, v in c["params"].items()))]
metric = cells[0]["metrics"][sys.argv[2]]
print("none" if metric is None or metric["value"] is None else "%.3f" % metric["value"], len(cells))' "$1" "$2"
}

run --filter "$fit" --out "$record"
equal "the trace needs no weights" "$?$(<"$TMPDIR/err")" 0
equal "every cell passed" "$("$attest" show "$record" | awk '/^entropy\./ { print $2 }' | sort -u)" pass
check "the record names what the trace was made from" grep -q SmolLM2-135M-Instruct "$record"
# The model's values are NumPy's too, from the same file.
whole='tokens=2048/texts=1/population=last-8/over=model$'
equal "alpha of the model's keys" "$(value "^model/.*$whole" alpha)" "0.515 1"
equal "alpha of keys of the same norms" "$(value "^norm_matched/.*$whole" alpha)" "0.587 1"
equal "one text has no interval" "$(value "^model/.*$whole" alpha_ci_lo)" "none 1"
equal "entropy of a head at the longest context" \
    "$(value '^model/.*population=last/over=head/layer=29/head=4$' entropy_nats)" "2.101 1"

"$attest" verify --rerun "$record" >"$TMPDIR/again" 2>&1
equal "the same again" $? 0
check "cell by cell" grep -q ' 0 differ, 0 may differ' "$TMPDIR/again"
run --filter "$fit" --seed 2 --out "$TMPDIR/seed.h5"
first=$(value "^random/.*$whole" alpha)
record=$TMPDIR/seed.h5
check "another seed makes other random keys" [ "$(value "^random/.*$whole" alpha)" != "$first" ]
record=$TMPDIR/trace.h5

# killed while it commits cells, then taken up again
"$attest" run entropy --profile smoke --quiet --filter "$fit" --out "$TMPDIR/cut.h5" >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 400; i++)); do
    [ "$(stat -c %s "$TMPDIR/cut.h5.partial" 2>/dev/null || echo 0)" -lt 20000 ] || break
    sleep 0.01
done
kill -9 "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
"$attest" run --resume --quiet --out "$TMPDIR/cut.h5" >/dev/null 2>"$TMPDIR/err"
equal "a killed run resumes" "$?$(<"$TMPDIR/err")" 0
digest() { "$attest" show --json "$1" | grep -o '"outputs_digest": *"[^"]*"'; }
equal "to the same outputs" "$(digest "$TMPDIR/cut.h5")" "$(digest "$record")"

run --filter 'part=fit/dataset=smollm2/.*population=all/over=model$' --out "$TMPDIR/skip.h5"
equal "without weights the model's cells are skipped" $? 77
contains "with the command that brings them" "$("$attest" show --json "$TMPDIR/skip.h5")" \
    datasets/fetch-smollm2.sh
run --model "$TMPDIR/none.gguf" --out "$TMPDIR/none.h5"
equal "a model that is not there is no input" $? 2

"$attest" report "$record" --format csv --out "$TMPDIR/report" >"$TMPDIR/files" 2>"$TMPDIR/err"
equal "tables" $? 0
check "of the fits" grep -q '^norm_matched,last-8,' "$TMPDIR/report/trace-entropy-fits.csv"
heat=$("$attest" report "$record" --plot entropy-heads 2>/dev/null)
if command -v gnuplot >/dev/null; then
    contains "alpha by layer and head" "$heat" "columns: head; rows: layer; values: alpha"
else
    skip "alpha by layer and head" "gnuplot is not installed"
fi

# a bent trace is refused by who opens traces: lm trace writes what the reader takes
"$attest" lm trace --model "$TMPDIR/none.gguf" --out "$TMPDIR/new.h5" >/dev/null 2>&1
equal "a trace needs a model" $? 2
"$attest" lm trace >/dev/null 2>"$TMPDIR/err"
equal "and a file" $? 2
finish
