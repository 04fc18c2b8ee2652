#!/bin/bash
# The script that fetches the model: what it does without a network, and with a right or wrong file.
. ci/tests/tap.sh
script=datasets/fetch-smollm2.sh
# No index: pip fails at once, as without a network.
export PIP_NO_INDEX=1

if ! command -v python3 >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
    skip "offline" "python3-pip is missing: apt-get install python3-pip"
else
    mkdir "$TMPDIR/cache"
    file=$(awk -F '\t' '$1 == "smollm2" { print $6 }' datasets/manifest.tsv)
    echo "not the model" >"$TMPDIR/cache/$file"
    out=$(ATTEST_CACHE=$TMPDIR/cache $script 2>"$TMPDIR/err")
    equal "offline: exit code" $? 2
    equal "offline: nothing on stdout" "$out" ""
    equal "offline: one line says what to do" \
        "$(grep -c '^fetch-smollm2: .*check the network' "$TMPDIR/err")" 1
    equal "offline: nothing left behind" "$(ls "$TMPDIR/cache")" "$file"
fi

cache=${ATTEST_CACHE:-${XDG_CACHE_HOME:-${HOME-}/.cache}/attest}
if [ -f "$cache"/SmolLM2-135M-Instruct.Q4_1.gguf ]; then
    out=$(ATTEST_CACHE=$cache $script 2>&1)
    equal "a right file is left alone" "$out" "$cache/SmolLM2-135M-Instruct.Q4_1.gguf"
else
    skip "a right file is left alone" "the model is not there: datasets/fetch-smollm2.sh"
fi
finish
