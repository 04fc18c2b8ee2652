#!/bin/bash
# Whole runs: what a record holds, what is the same on a rerun, what a changed record is worth.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
data=()
if ! "$attest" list datasets | grep -q 'fashion-mnist.*SKIP' && [[ $attest != */debug/* ]]; then
    smoke=yes
else # without Debian's package, or under slow sanitizers, the same cells run on fewer generated vectors
    data=(--dataset 'clusters:n=3000,d=256,queries=64')
fi

"$attest" run adsampling crossover --profile smoke --quiet "${data[@]}" --out "$TMPDIR/a.h5" >/dev/null
equal "smoke run exits 0" $? 0
"$attest" run adsampling crossover --profile smoke --quiet "${data[@]}" --out "$TMPDIR/b.h5" >/dev/null
equal "second smoke run exits 0" $? 0
digest() { sed -n "s/^$2: //p" "$1.seal"; }
for part in plan outputs; do
    equal "$part digest is equal on a rerun" "$(digest "$TMPDIR/b.h5" ${part}_digest)" \
        "$(digest "$TMPDIR/a.h5" ${part}_digest)"
done
check "measurements differ" test "$(digest "$TMPDIR/a.h5" measurements_digest)" != \
    "$(digest "$TMPDIR/b.h5" measurements_digest)"
"$attest" verify "$TMPDIR/a.h5" >/dev/null
equal "verify accepts it" $? 0
[ "${smoke:-}" = yes ] && check "real vectors were used" grep -q fashion-mnist <("$attest" show "$TMPDIR/a.h5")

size=$(stat -c %s "$TMPDIR/a.h5")
bad=0
for i in $(seq 1 24); do # spread over the file; the exhaustive test is harness/tests/test_seal
    cp "$TMPDIR/a.h5" "$TMPDIR/c.h5" && cp "$TMPDIR/a.h5.seal" "$TMPDIR/c.h5.seal"
    at=$((size * i / 25))
    byte=$(od -An -tu1 -j "$at" -N 1 "$TMPDIR/c.h5")
    printf '%b' "\\x$(printf %x $(((byte + 1) % 256)))" | dd of="$TMPDIR/c.h5" bs=1 seek="$at" conv=notrunc 2>/dev/null
    "$attest" verify "$TMPDIR/c.h5" >/dev/null 2>&1
    [ $? -eq 3 ] || bad=$((bad + 1))
done
equal "a changed byte is exit 3, wherever it is" "$bad" 0

if command -v python3 >/dev/null; then
    "$attest" show "$TMPDIR/a.h5" --json >"$TMPDIR/a.json"
    cat >"$TMPDIR/check.py" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))
names = """recall_at_k qps latency_p50_ms latency_p95_ms latency_p99_ms speedup_qps_vs_scalar
speedup_qps_vs_simd speedup_p50_vs_scalar speedup_p50_vs_simd dims_mean dims_p50 dims_p99
bytes_per_query bandwidth_share""".split()
rows = [c for c in record["cells"] if c["experiment"] == "adsampling"]
assert len(rows) > 20
for c in rows:
    assert not set(names) - set(c["metrics"]), (c["id"], set(names) - set(c["metrics"]))
    assert c["oracle"] in ("pass", "marginal", "skip"), c
    for n in names:
        m = c["metrics"][n]
        assert set(m) == {"value", "unit", "n", "lo", "hi"}, m
        if c["oracle"] in ("pass", "marginal") and c["arm"] != "bandwidth" and c["backend"] == "cpu":
            assert m["value"] is not None, (c, n)
        if c["oracle"] == "skip":
            assert m["value"] is None and c["reason"]
exact = [c for c in rows if c["arm"] in ("naive", "sgemm", "faiss") and c["oracle"] == "pass"]
assert exact and all(c["metrics"]["recall_at_k"]["value"] == 1 for c in exact)
pruned = [c for c in rows if "eps0" in c["params"] and c["oracle"] == "pass"]
dims = exact[0]["metrics"]["dims_mean"]["value"]
assert pruned and any(c["metrics"]["dims_mean"]["value"] < dims / 2 for c in pruned)
certain = [c for c in pruned if c["params"]["eps0"] > 10]
assert certain and all(c["metrics"]["recall_at_k"]["value"] == 1 for c in certain)
head = record["record"]
for key in "digest plan_digest outputs_digest sealed signed machine profile started suite_commit".split():
    assert key in head, key
assert head["sealed"] is True and head["signed"] is False and head["profile"] == "smoke"
model = [c for c in record["cells"] if c["experiment"] == "crossover" and c["arm"] == "model"]
n = [c["metrics"]["crossover_n"]["value"] for c in model if "context" not in c["params"]]
assert n == [297937], n
ops = {c["params"]["context"]: c["metrics"]["hnsw_ops"]["value"] for c in model if "context" in c["params"]}
assert ops[4000] == 3136759 and ops[1000000] == 5224942 and ops[4000000] == 5749230, ops
PY
    check "the record keeps the contract" python3 "$TMPDIR/check.py" "$TMPDIR/a.json"
else
    skip "the record keeps the contract" "python3 is not installed"
fi

"$attest" run crossover --filter crossover/model --quiet --set M=16 --set ef=32 --out "$TMPDIR/m.h5" >/dev/null
equal "settings are accepted" $? 0
# by hand: 16 N = 16*32*128 log2 N at N = 2^16, and the page that ends there costs as much from its first
# token, 65521, on
contains "and change the crossover" "$("$attest" report "$TMPDIR/m.h5" --table crossover)" "65521"

# vectors of the user: three formats, the same answers
if command -v python3 >/dev/null; then
    python3 - "$TMPDIR" <<'PY'
import array, random, struct, sys
random.seed(3)
d, rows, queries = 40, 700, 20
def vectors(n): return [[random.gauss(0, 1) for _ in range(d)] for _ in range(n)]
base, q = vectors(rows), vectors(queries)
def fvecs(path, v):
    with open(path, "wb") as f:
        for r in v: f.write(struct.pack("<i", d) + array.array("f", r).tobytes())
def npy(path, v):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (len(v), d)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for r in v: f.write(array.array("f", r).tobytes())
fvecs(sys.argv[1] + "/base.fvecs", base); fvecs(sys.argv[1] + "/q.fvecs", q)
npy(sys.argv[1] + "/base.npy", base); npy(sys.argv[1] + "/q.npy", q)
PY
    for format in fvecs npy; do
        "$attest" run adsampling --quiet --threads 1 --filter 'l2_scan|ads_horizontal/scalar' \
            --dataset "$TMPDIR/base.$format" --queries "$TMPDIR/q.$format" --out "$TMPDIR/$format.h5" >/dev/null
        equal "own vectors as $format run" $? 0
        "$attest" show "$TMPDIR/$format.h5" --json |
            python3 -c 'import json,sys; print([c["metrics"]["recall_at_k"]["value"] for c in json.load(sys.stdin)["cells"]])' \
                >"$TMPDIR/$format.recall"
    done
    check "and give the same answers" cmp -s "$TMPDIR/fvecs.recall" "$TMPDIR/npy.recall"
    head -c 5000 "$TMPDIR/base.fvecs" >"$TMPDIR/short.fvecs"
    "$attest" run adsampling --quiet --dataset "$TMPDIR/short.fvecs" --out "$TMPDIR/x.h5" >/dev/null 2>"$TMPDIR/err"
    equal "a truncated file is exit 2" $? 2
    contains "and is named" "$(<"$TMPDIR/err")" short.fvecs
    check "and leaves no record" test ! -e "$TMPDIR/x.h5"
else
    skip "own vectors" "python3 is not installed"
fi

# ann-benchmarks HDF5: the file's neighbours are checked against ours
h5py=
for python in python3 /usr/bin/python3; do # another python3 in PATH may lack Debian's modules
    [ -z "$h5py" ] && "$python" -c 'import h5py, numpy' 2>/dev/null && h5py=$python
done
if [ -n "$h5py" ]; then
    "$h5py" - "$TMPDIR" <<'PY'
import h5py, numpy, sys
rng = numpy.random.default_rng(5)
train, test = rng.normal(size=(600, 24)).astype("f4"), rng.normal(size=(15, 24)).astype("f4")
dist = numpy.sqrt(((test[:, None].astype("f8") - train[None].astype("f8")) ** 2).sum(2))
near = dist.argsort(1, kind="stable")[:, :10]
for name, ids in (("right", near), ("wrong", near[:, ::-1] * 0 + numpy.arange(10))):
    with h5py.File("%s/%s.hdf5" % (sys.argv[1], name), "w") as f:
        f["train"], f["test"], f["neighbors"] = train, test, ids
        f["distances"] = numpy.take_along_axis(dist, ids, 1)
        f.attrs["distance"] = "euclidean"
PY
    hdf5() { "$attest" run adsampling --quiet --threads 1 --filter 'l2_scan/scalar' --dataset "$TMPDIR/$1.hdf5" \
        --out "$TMPDIR/$1.h5" >/dev/null 2>"$TMPDIR/err"; }
    hdf5 right
    equal "right neighbours are accepted" $? 0
    hdf5 wrong
    equal "wrong neighbours are exit 2" $? 2
    contains "and said so" "$(<"$TMPDIR/err")" "neighbours"
else
    skip "neighbours of an ann-benchmarks file" "python3-h5py is not installed"
fi

# the same answers where neither AVX2 nor AVX-512 is
ATTEST_ISA_MASK=0 "$attest" run adsampling --profile smoke --quiet --threads 1 "${data[@]}" \
    --filter 'scalar|avx512' --out "$TMPDIR/plain.h5" >/dev/null
equal "a CPU without AVX: exit code" $? 0
contains "scalar rows ran" "$("$attest" show "$TMPDIR/plain.h5")" "pass"
finish
