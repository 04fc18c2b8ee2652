#!/bin/bash
# Standard tools read the committed records, and read in them what `attest show` says.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
records=(reports/records/*.h5)

h5py=
for python in python3 /usr/bin/python3; do # another python3 in PATH may lack Debian's modules
    [ -z "$h5py" ] && "$python" -c 'import h5py' 2>/dev/null && h5py=$python
done

cat >"$TMPDIR/compare.py" <<'PY'
import h5py, json, sys

def text(value): # bytes or str, by version of h5py
    return value.decode() if hasattr(value, "decode") else str(value)

shown = json.load(open(sys.argv[2]))
compared = 0
with h5py.File(sys.argv[1], "r") as f:
    parts = f["outputs/cells"], f["measurements/cells"]
    ids = {c["id"] for c in shown["cells"]}
    assert ids and all(set(p) == ids for p in parts), ids
    for c in shown["cells"]:
        assert c["oracle"] == text(f["outputs/cells"][c["id"]].attrs["oracle"]), c["id"]
        for name, m in c["metrics"].items():
            found = [p[c["id"]].attrs[name] for p in parts if name in p[c["id"]].attrs]
            assert len(found) == 1, (c["id"], name, found)
            if isinstance(found[0], h5py.Empty):
                row = [None] * 4
            else:
                row = [float(v) for v in found[0]]
                row += [None] * (4 - len(row))
            told = [m["value"], m["n"], m["lo"], m["hi"]]
            assert row == told, (c["id"], name, row, told)
            assert m["unit"] == text(f["plan/metrics"][c["experiment"]].attrs[name]), name
            compared += row[0] is not None
assert compared > 0 or not any(c["metrics"] for c in shown["cells"])
PY

for record in "${records[@]}"; do
    name=$(basename "$record")
    if command -v h5dump >/dev/null; then
        h5dump -H "$record" >"$TMPDIR/dump" 2>"$TMPDIR/err"
        equal "h5dump reads $name" "$?: $(<"$TMPDIR/err")" "0: "
        check "and finds its cells" grep -q 'GROUP "cells"' "$TMPDIR/dump"
    else
        skip "h5dump reads $name" "h5dump is not installed (hdf5-tools)"
    fi
    if [ -n "$h5py" ]; then
        "$attest" show --json "$record" >"$TMPDIR/shown.json"
        check "h5py reads $name as attest shows it" "$h5py" "$TMPDIR/compare.py" "$record" \
            "$TMPDIR/shown.json"
    else
        skip "h5py reads $name" "python3-h5py is not installed"
    fi
done
check "there are records" test -f "${records[0]}"
finish
