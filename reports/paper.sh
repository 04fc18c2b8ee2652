#!/bin/bash
# Regenerates reports/out from the committed records (`make paper`).
#
#   reports/paper.sh [--check]   --check changes nothing: exit 1 names the first file that differs
#
# ATTEST is the program, build/attest if unset.  RECORDS and OUT name other folders.  Plots need
# gnuplot: exit 2 without it, 77 for --check.
set -eu
cd "$(dirname "$0")/.."
attest=${ATTEST:-build/attest}
records=${RECORDS:-reports/records} out=${OUT:-reports/out}

case ${1:-} in
'') check= ;;
--check) check=yes ;;
*)
    echo "usage: reports/paper.sh [--check]" >&2
    exit 2
    ;;
esac

if ! command -v gnuplot >/dev/null; then
    echo "reports/paper.sh: plots need gnuplot (package gnuplot-nox)" >&2
    [ -n "$check" ] && exit 77
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shopt -s nullglob
paths=("$records"/*.h5)
if [ ${#paths[@]} -gt 0 ]; then
    "$attest" report "${paths[@]}" --format md,tex,csv,html,svg --out "$work" >/dev/null
fi

# What no record gives any more must go too.
made=(md tex csv html svg)
stale=()
for extension in "${made[@]}"; do
    for file in "$out"/*."$extension"; do
        [ -e "$work/${file##*/}" ] || stale+=("$file")
    done
done

if [ -n "$check" ]; then
    if [ ${#paths[@]} -gt 0 ]; then
        "$attest" report "${paths[@]}" --format md,tex,csv,html,svg --out "$out" --check
    fi
    if [ ${#stale[@]} -gt 0 ]; then
        echo "reports/paper.sh: no record gives ${stale[0]}: run make paper" >&2
        exit 1
    fi
    echo "${#paths[@]} records: $out is what they give"
    exit 0
fi

mkdir -p "$out"
[ ${#stale[@]} -eq 0 ] || rm -- "${stale[@]}"
for file in "$work"/*; do
    cmp -s "$file" "$out/${file##*/}" || cp -- "$file" "$out/"
done
echo "${#paths[@]} records: $out regenerated"
