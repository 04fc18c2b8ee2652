#!/bin/bash
# The command line: what it says, where, and its exit codes.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}

# run_of CODE NAME ARGS...: exit code, nothing on stdout, exactly one line on stderr
refused() {
    local code=$1 name=$2 out err status
    shift 2
    out=$("$attest" "$@" 2>"$TMPDIR/err")
    status=$?
    err=$(<"$TMPDIR/err")
    equal "$name: exit code" "$status" "$code"
    [ -z "$out" ] && [ "$(wc -l <"$TMPDIR/err")" -eq 1 ] && [[ $err == "attest: "* ]]
    tap_result $? "$name: one line on stderr, none on stdout"
}

for command in env keygen list lm report run seal selfcheck show train verify; do
    "$attest" "$command" --help >"$TMPDIR/out" 2>&1
    equal "$command --help exits 0" $? 0
    contains "$command --help names it" "$(<"$TMPDIR/out")" "usage: attest $command"
done
check "--version prints a version" grep -q '^attest [0-9]*\.[0-9]*\.[0-9]* ' <("$attest" --version)

refused 2 "no command"
refused 2 "unknown command" nonsense
refused 2 "unknown option" run adsampling --nonsense
refused 2 "no experiment" run
refused 2 "unknown experiment" run nonsense
refused 2 "experiment twice" run crossover crossover
refused 2 "unknown profile" run crossover --profile huge
refused 2 "unknown backend" run crossover --backend abacus
refused 2 "threads not a number" run crossover --threads many
refused 2 "threads zero" run crossover --threads 0
refused 2 "bad seed" run crossover --seed -1
refused 2 "bad filter" run crossover --filter '('
refused 2 "filter that matches nothing" run crossover --filter nothing-like-this
refused 2 "setting without value" run crossover --set M
refused 2 "unknown setting" run crossover --set nonsense=1
refused 2 "setting out of range" run crossover --set M=0
refused 2 "setting not a number" run crossover --set ef=many
refused 2 "queries without dataset" run adsampling --queries x.npy
refused 2 "missing folder" run crossover --filter crossover/model --quiet --out "$TMPDIR/none/x.h5"
refused 2 "dataset that is not there" run adsampling --dataset "$TMPDIR/none.fvecs"
refused 2 "unknown list" list nonsense
refused 2 "training into no file" train
refused 2 "training with an operand" train --out "$TMPDIR/x.h5" nonsense
refused 2 "a layer twice" train --out "$TMPDIR/x.h5" --layers 4,4
refused 2 "a list that does not end" train --out "$TMPDIR/x.h5" --layers 4,
refused 2 "a width of none" train --out "$TMPDIR/x.h5" --d-search 0
refused 2 "the same width and seed twice" train --out "$TMPDIR/x.h5" --seed 1,1
refused 2 "two widths and three seeds" train --out "$TMPDIR/x.h5" --d-search 8,9 --seed 1,2,3
refused 2 "a rate that is no number" train --out "$TMPDIR/x.h5" --rate nan
refused 2 "training on a text that is not there" \
    train --out "$TMPDIR/x.h5" --model "$TMPDIR/none.gguf" --text "$TMPDIR/none"
refused 2 "record that is not there" show "$TMPDIR/none.h5"
refused 2 "selfcheck filter that matches nothing" selfcheck --filter nothing-like-this
printf 'not hdf5' >"$TMPDIR/junk.h5"
refused 3 "record without a seal" verify "$TMPDIR/junk.h5"

out=$("$attest" list arms)
contains "arms are listed" "$out" "ads_vertical"
contains "datasets are listed" "$("$attest" list datasets)" "fashion-mnist"
contains "settings are listed" "$("$attest" list experiments)" "--set ef=64"
if command -v python3 >/dev/null; then
    for list in experiments arms kernels datasets; do
        check "list $list --json is JSON" python3 -c 'import json,sys; assert json.load(sys.stdin)' \
            < <("$attest" list "$list" --json)
    done
    check "env --json is JSON" python3 -c 'import json,sys; assert json.load(sys.stdin)["cpu_model"]' \
        < <("$attest" env --json)
else
    skip "JSON of list and env" "python3 is not installed"
fi

contains "an OpenBLAS core that the user chose is kept" \
    "$(OPENBLAS_CORETYPE=Prescott "$attest" env | grep openblas_core)" Prescott

# progress goes to stderr, and --quiet ends it; the record's path is the last line on stdout
out=$("$attest" run crossover --filter crossover/model --out "$TMPDIR/a.h5" 2>"$TMPDIR/err")
equal "a run exits 0" $? 0
equal "the last line is the record's path" "$(tail -n 1 <<<"$out")" "$TMPDIR/a.h5"
check "progress is on stderr" test -s "$TMPDIR/err"
check "no colour outside of a terminal" bash -c "! grep -q $'\033' '$TMPDIR/err'"
FORCE_COLOR=1 "$attest" run crossover --filter crossover/model --out "$TMPDIR/b.h5" --quiet >/dev/null 2>"$TMPDIR/err"
equal "--quiet: nothing on stderr" "$(wc -c <"$TMPDIR/err")" 0
check "the seal lies beside the record" test -s "$TMPDIR/a.h5.seal"

# what this CPU lacks is a named SKIP; everything skipped is 77
ATTEST_ISA_MASK=0 "$attest" run adsampling --profile smoke --quiet --out "$TMPDIR/skip.h5" \
    --filter 'ads_vertical' >/dev/null 2>"$TMPDIR/err"
equal "all cells skipped: exit code" $? 77
contains "the reason is in the record" "$("$attest" show "$TMPDIR/skip.h5")" "this CPU lacks"
finish
