#!/bin/bash
# The committed records are signed, and their chain is whole.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
records=reports/records
mapfile -t keys < <(ls reports/keys/*.pub)
arguments=()
for key in "${keys[@]}"; do arguments+=(--key "$key"); done

out=$("$attest" verify --chain $records "${arguments[@]}" 2>&1)
status=$?
equal "the chain of $records verifies" $status 0
head=$(sed -n 's/^head  //p' <<<"$out")
contains "its head is the one that reports/README.md notes" "$(<reports/README.md)" "$head"
equal "every record is in it" "$(grep -c '\.h5$' <<<"$out")" "$(find $records -name '*.h5' | wc -l)"

# the same chain with a record taken away
mkdir "$TMPDIR/chain"
cp $records/* "$TMPDIR/chain"
first=$(sed -n 's/^ *1  [0-9a-f]*  //p' <<<"$out")
rm "$TMPDIR/chain/$first" "$TMPDIR/chain/$first.minisig"
"$attest" verify --chain "$TMPDIR/chain" "${arguments[@]}" >/dev/null 2>&1
equal "and does not without its first record" $? 3

if command -v minisign >/dev/null; then
    for record in "$records"/*.h5; do
        good=no
        for key in "${keys[@]}"; do minisign -Vm "$record" -p "$key" >/dev/null 2>&1 && good=yes; done
        equal "minisign verifies ${record##*/}" $good yes
    done
else
    skip "the stock tool" "minisign is not installed"
fi
finish
