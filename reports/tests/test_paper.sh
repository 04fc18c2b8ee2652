#!/bin/bash
# reports/paper.sh: the committed reports are what the committed records give, and changes are seen.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=ci/tests/tap.sh
. ci/tests/tap.sh
export ATTEST=${ATTEST:-build/attest}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2317 # called through check
quiet() { "$@" >/dev/null; }

if ! command -v gnuplot >/dev/null; then
    skip 'reports are regenerated from records' 'gnuplot is not installed (package gnuplot-nox)'
    finish
fi

message=$(reports/paper.sh --check 2>&1)
equal "reports/out is what reports/records gives: $message" $? 0

export RECORDS=$work/records OUT=$work/out
mkdir "$RECORDS"
check 'no record gives no report' quiet reports/paper.sh
equal 'and leaves the folder empty' "$(ls -A "$OUT")" ''
touch "$OUT/gone.md"
message=$(reports/paper.sh --check 2>&1)
equal 'a report without a record is found' $? 1
contains 'and named' "$message" gone.md

"$ATTEST" run crossover --filter crossover/model --profile smoke --quiet --out "$RECORDS/one.h5" >/dev/null 2>"$work/log" || {
    echo "# attest run: $(cat "$work/log")"
}
check 'a record is reported' quiet reports/paper.sh
equal 'stale files go' "$(ls "$OUT/gone.md" 2>/dev/null)" ''
for extension in md tex html; do
    check "one.$extension is written" test -s "$OUT/one.$extension"
done
contains 'tables are written' "$(echo "$OUT"/one-*.csv)" "$OUT/one-"
check 'they pass the check' quiet reports/paper.sh --check
echo >>"$OUT/one.tex"
message=$(reports/paper.sh --check 2>&1)
equal 'a changed file fails it' $? 1
contains 'and is named' "$message" one.tex
rm "$OUT/one.md"
message=$(reports/paper.sh --check 2>&1)
equal 'a missing file fails it' $? 1
contains 'and is named' "$message" one.md
finish
