#!/bin/bash
# `make run`: one default run of the experiments, its tables, and where both lie.
#
#   ci/run-main.sh PROGRAM
#
# Exit status is that of the run: 1 when a kernel failed its check (the record and its tables are
# still written), 4 when a timing is inconclusive.
set -u
cd "$(dirname "$0")/.." || exit 2
attest=${1:?usage: ci/run-main.sh PROGRAM}
reports=build/reports

# Without the model its cells are skipped by name; the committed trace stands in.
datasets/fetch-smollm2.sh >/dev/null || echo "make run: going on without the language model" >&2
output=$("$attest" run adsampling crossover entropy retrieval tiers --profile default)
status=$?
record=$(tail -n 1 <<<"$output")
if [ ! -f "$record" ]; then
    [ $status -ne 0 ] || status=2
    echo "make run: the run left no record (exit status $status)" >&2
    exit $status
fi

"$attest" report "$record" || exit
"$attest" report "$record" --format md,html,svg,csv --out "$reports" >/dev/null || exit
echo
echo "record: $record"
for seal in "$record.minisig" "$record.seal"; do
    [ -f "$seal" ] && echo "seal:   $seal" && break
done
echo "tables: $reports/"
exit $status
