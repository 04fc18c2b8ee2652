#!/bin/bash
# Runs test programs and test scripts, reads their TAP strictly, and counts.
#
#   ci/test.sh FILE...   a FILE ending in .sh is run by bash; any other is a program
#   ci/test.sh           builds everything and runs every test (as `make test`)
#
# Each file runs from the top of the repository, alone, with an empty TMPDIR of its own that is
# removed afterwards, under TEST_TIMEOUT seconds (default 300).  $ATTEST names the program under test.
#
# Beyond each `not ok` these count as one failure of the file: killed by a signal, timed out, a
# non-zero exit without a failed test, no plan, another number of results than planned, a number out
# of order, a line that only looks like a result, `Bail out!`.  A file that exits with 77 and printed no
# result is one skip.  The last line is "N passed, N failed, N skipped"; exit 1 if any failed or
# nothing was run.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -gt 0 ] || exec make test

limit=${TEST_TIMEOUT:-300}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

export CMOCKA_MESSAGE_OUTPUT=TAP
# A sanitizer that finds something must not look like a passed test.
export ASAN_OPTIONS="abort_on_error=0:exitcode=99:detect_leaks=1:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS-}"

# Input: a file's stdout.  Output: a line "P F S", then lines "failed<TAB>text", "skipped<TAB>text".
# cmocka prints a skip as "not ok N # SKIP name", its reason as plain text before it, and two groups
# as two plans.
read_tap() { # STATUS LIMIT
    awk -v status="$1" -v limit="$2" '
    function fail(text) { failed++; notes = notes "failed\t" text "\n" }
    function skip(text) { skipped++; notes = notes "skipped\t" text "\n" }
    BEGIN { passed = failed = skipped = planned = results = plans = last = 0 }
    { sub(/\r$/, "") }
    /^1\.\.[0-9]+([ \t]|$)/ {
        plans++
        planned += substr($0, 4) + 0
        # A later group counts from 1 again; a plan at the end belongs to the results before it.
        if (results > 0) next_group = 1
        if ($0 ~ /^1\.\.0/ && toupper($0) ~ /# *SKIP/) {
            text = $0; sub(/^.*# *[Ss][Kk][Ii][Pp][A-Za-z]* */, "", text); skip("all: " text)
        }
        said = ""
        next
    }
    /^(not )?ok([ \t]|$)/ {
        good = ($1 == "ok")
        line = $0; sub(/^(not )?ok[ \t]*/, "", line)
        if (line !~ /^[0-9]+([ \t]|$)/) { fail("malformed line: " $0); next }
        number = line + 0
        sub(/^[0-9]+[ \t]*(- *)?/, "", line)
        if (number == 1 && next_group) last = 0
        if (number != last + 1) fail("result " number " follows result " last ": " line)
        last = number; next_group = 0
        results++
        if (match(toupper(line), /# *SKIP/)) {
            name = substr(line, 1, RSTART - 1); reason = substr(line, RSTART)
            sub(/^# *[Ss][Kk][Ii][Pp][A-Za-z]*:? */, "", reason)
            if (name == "") { name = reason; reason = said }
            sub(/ *$/, "", name)
            skip(name ": " (reason == "" ? "no reason given" : reason))
        } else if (good) passed++
        else fail(line == "" ? "test " number : line)
        said = ""
        next
    }
    /^Bail out!/ { fail($0); next }
    /^[^#]/ { said = $0; final = $0 }
    END {
        if (status == 77 && results == 0) { if (!skipped) skip("all: " final) }
        else {
            if (status == 124 || (status == 137 && limit == "hit"))
                fail("timed out")
            else if (status > 128) fail("killed by signal " status - 128)
            else if (status != 0 && !failed) fail("exit status " status " though no test failed")
            if (plans == 0) fail("no plan (1..N)")
            else if (results != planned) fail(results " results, " planned " planned")
        }
        print passed, failed, skipped
        printf "%s", notes
    }'
}

passed=0 failed=0 skipped=0
: >"$work/failures"
: >"$work/skips"
for file in "$@"; do
    name=${file%.sh}
    name=${name#build/}
    mkdir "$work/tmp"
    command=("./${file#./}")
    [[ $file != /* ]] || command=("$file")
    [[ $file != *.sh ]] || command=(bash "$file")
    began=$EPOCHREALTIME
    TMPDIR=$work/tmp timeout -k 10 "$limit" "${command[@]}" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
    seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    hit=$(awk -v s="$seconds" -v l="$limit" 'BEGIN { print (s >= l) ? "hit" : "no" }')
    # Read-only folders of a test must not stop the clean-up.
    chmod -R u+rwX "$work/tmp" && rm -rf "$work/tmp"

    read_tap $status "$hit" <"$work/out" >"$work/read"
    read -r p f s <"$work/read"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-4s  %-50s %4d passed' "$([ "$f" -eq 0 ] && echo ok || echo FAIL)" "$name" "$p"
    [ "$f" -eq 0 ] || printf ', %d failed' "$f"
    [ "$s" -eq 0 ] || printf ', %d skipped' "$s"
    printf '  (%s s)\n' "$seconds"
    sed -n "s|^skipped\t|$name: |p" "$work/read" >>"$work/skips"
    if [ "$f" -ne 0 ]; then
        {
            echo
            sed -n "s|^failed\t|FAILED $name: |p" "$work/read"
            echo "--- output of $name (exit status $status, last 100 lines)"
            tail -n 100 "$work/out"
            echo "--- its stderr (last 100 lines)"
            tail -n 100 "$work/err"
            echo "---"
        } >>"$work/failures"
    fi
done

if [ -s "$work/skips" ]; then
    echo
    sed 's/^/SKIPPED /' "$work/skips"
fi
cat "$work/failures"
echo
[ $((passed + failed + skipped)) -gt 0 ] || echo "no test was run"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
