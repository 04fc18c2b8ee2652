#!/bin/bash
# attest verify --rerun: equal where it must be, excused where it may differ, found where it was bent.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/record.h5
rerun() { "$attest" verify --rerun "$1" >"$TMPDIR/out" 2>"$TMPDIR/err"; }

# 40 dimensions: their rotation comes from OpenBLAS and depends on its core
"$attest" run adsampling crossover --quiet --threads 1 --set M=16 --filter 'crossover/model|scalar|bandwidth' \
    --dataset integers:n=2000,d=40,queries=20 --out "$record" >/dev/null
rerun "$record"
equal "the same program on the same machine: exit code" $? 0
check "every cell is equal" grep -q '^[1-9][0-9]* equal, 0 differ, 0 may differ, 0 not here' "$TMPDIR/out"
contains "and the data" "$(<"$TMPDIR/out")" "dataset integers"

core=$("$attest" env --json | grep -o '"openblas_core": *"[^"]*"')
other=Nehalem
[[ $core != *Nehalem* ]] || other=Core2
OPENBLAS_CORETYPE=$other rerun "$record"
equal "another OpenBLAS core is no failure" $? 4
contains "it is named" "$(<"$TMPDIR/out")" "may differ"
contains "with its reason" "$(<"$TMPDIR/out")" "another OpenBLAS core"

# a record bent and sealed anew without a key: the seal cannot tell, the rerun can
h5py=
for python in python3 /usr/bin/python3; do # another python3 in PATH may lack Debian's modules
    [ -z "$h5py" ] && "$python" -c 'import h5py, numpy' 2>/dev/null && h5py=$python
done
if [ -n "$h5py" ]; then
    cp "$record" "$TMPDIR/bent.h5"
    "$h5py" - "$TMPDIR/bent.h5" <<'PY'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f:
    for cell in f["outputs/cells"].values():
        if "crossover_n" in cell.attrs and cell.attrs["crossover_n"].shape:
            v = cell.attrs["crossover_n"]
            v[0] += 1
            cell.attrs.modify("crossover_n", v)
PY
    "$attest" seal "$TMPDIR/bent.h5" >/dev/null 2>&1
    "$attest" verify "$TMPDIR/bent.h5" >/dev/null 2>"$TMPDIR/err"
    equal "a bent record with an unsigned seal of its own verifies" "$?$(<"$TMPDIR/err")" 0
    rerun "$TMPDIR/bent.h5"
    equal "but not when it is run again" $? 1
    contains "and the metric is named" "$(grep DIFFERS "$TMPDIR/out")" "crossover_n"
else
    skip "a bent record" "python3-h5py is not installed"
fi

"$attest" verify --rerun "$record" "$record" >/dev/null 2>&1
equal "two records are a wrong usage" $? 2
finish
