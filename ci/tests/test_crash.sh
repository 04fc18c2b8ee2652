#!/bin/bash
# A run is killed at each of its calls that change the disk in turn, and resumed; then at random
# moments (a short form of `make torture`).  What cannot be written is one clear line.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
record=$TMPDIR/run/record.h5
arguments=(run crossover --set max_n=0 --quiet --set M=16 --out "$record")
every=${CRASH_EVERY:-5} # calls between two that are tried

preload=$TMPDIR/crash_at.so
if nm "$attest" 2>/dev/null | grep -q __asan_init; then
    skip "killed at each call" "the sanitizers' library must be loaded first"
elif ! "${CC:-cc}" -std=c17 -D_GNU_SOURCE -shared -fPIC -o "$preload" ci/torture/crash_at.c -ldl; then
    check "the preload library compiles" false
else
    mkdir "$TMPDIR/run"
    CRASH_LOG=$TMPDIR/calls LD_PRELOAD=$preload "$attest" "${arguments[@]}" >/dev/null
    calls=$(<"$TMPDIR/calls")
    check "a run changes the disk in several calls" test "$calls" -gt 40
    cells=$("$attest" show --json "$record" | grep -c '"id":')
    # the first calls and the last ones, where the record moves into place, one by one
    for ((at = 1; at <= calls; at += at <= 5 || at > calls - 14 ? 1 : every)); do
        rm -rf "$TMPDIR/run" && mkdir "$TMPDIR/run"
        CRASH_AT=$at LD_PRELOAD=$preload "$attest" "${arguments[@]}" >/dev/null 2>&1
        status=$?
        sealed=no finished=0
        "$attest" verify "$record" >/dev/null 2>&1 && sealed=yes
        ! "$attest" show --json "$record.partial" >"$TMPDIR/json" 2>/dev/null ||
            finished=$(grep -c '"id":' "$TMPDIR/json")
        "$attest" "${arguments[@]}" --resume >/dev/null 2>"$TMPDIR/err"
        resumed=$?
        end=$("$attest" show --json "$record" 2>/dev/null | grep -c '"id":')
        left=$(cd "$TMPDIR/run" && echo *)
        [ "$status-$resumed-$end-$left" = "137-0-$cells-record.h5 record.h5.seal" ] &&
            { [ $sealed = no ] || [ "$finished" -eq "$cells" ] || [ ! -e "$record.partial" ]; }
        tap_result $? "killed at call $at of $calls with $finished cells finished, then resumed" ||
            cat "$TMPDIR/err"
    done
fi

# --- what cannot be written -------------------------------------------------------------------

# refused NAME RECORD [KILOBYTES]: exit 2, nothing on stdout, one line on stderr that names the folder
refused() {
    local out status
    out=$(
        [ $# -lt 3 ] || ulimit -f "$3"
        "$attest" run crossover --set max_n=0 --quiet --out "$2" 2>"$TMPDIR/err"
    )
    status=$?
    equal "$1: exit code" "$status" 2
    [ -z "$out" ] && [ "$(wc -l <"$TMPDIR/err")" -eq 1 ] && grep -qF "${2%/*}" "$TMPDIR/err"
    tap_result $? "$1: one line that names it"
    check "$1: no record" test ! -f "$2"
}
refused "missing directory" "$TMPDIR/none/x.h5"
mkdir -p "$TMPDIR/folder/x.h5" "$TMPDIR/locked"
refused "a directory in the way" "$TMPDIR/folder/x.h5"
if [ "$(id -u)" -eq 0 ]; then
    skip "read-only directory" "root may write everywhere"
else
    chmod 555 "$TMPDIR/locked"
    refused "read-only directory" "$TMPDIR/locked/x.h5"
fi
for kilobytes in 1 9 40; do # not even the head; a few cells; all cells, but not the record
    rm -rf "$TMPDIR/full" && mkdir "$TMPDIR/full"
    refused "no room beyond $kilobytes KiB" "$TMPDIR/full/x.h5" "$kilobytes"
    "$attest" run crossover --set max_n=0 --quiet --out "$TMPDIR/full/x.h5" --resume >/dev/null
    equal "and with room it goes on" "$?-$(cd "$TMPDIR/full" && echo *)" "0-x.h5 x.h5.seal"
done
mkdir "$TMPDIR/small"
if unshare -rm mount -t tmpfs -o size=64k none "$TMPDIR/small" 2>/dev/null; then
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare -rm bash -c 'mount -t tmpfs -o size=64k none "$2"
        "$1" run crossover --set max_n=0 --quiet --out "$2/x.h5" 2>"$3"; echo "$? $(cd "$2" && echo *)"' \
        bash "$attest" "$TMPDIR/small" "$TMPDIR/err" >"$TMPDIR/out"
    equal "a full disk: exit 2, the cells are kept" "$(<"$TMPDIR/out")" "2 x.h5.partial"
    contains "and it says so" "$(<"$TMPDIR/err")" "No space left on device"
else
    skip "a full disk" "no private mounts here"
fi

# --- two runs on one output -------------------------------------------------------------------

two=$TMPDIR/two.h5
"$attest" run crossover --set max_n=0 --quiet --out "$two" >/dev/null 2>&1 &
until [ -s "$two.partial" ] || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
"$attest" run crossover --set max_n=0 --quiet --out "$two" >/dev/null 2>"$TMPDIR/err"
equal "a second run on one output: exit code" $? 2
contains "and it says why" "$(<"$TMPDIR/err")" "another run"
wait $!
equal "the first one ends well" $? 0
"$attest" verify "$two" >/dev/null
equal "and its record verifies" $? 0
printf 'notes' >"$TMPDIR/own.h5.partial"
"$attest" run crossover --set max_n=0 --quiet --out "$TMPDIR/own.h5" >/dev/null 2>&1
equal "a file of the journal's name that is none" "$?-$(<"$TMPDIR/own.h5.partial")" "2-notes"

# --- an unfinished run ------------------------------------------------------------------------

begin() { # what a kill after the head leaves
    rm -f "$TMPDIR"/cut.h5*
    CRASH_AT=9 LD_PRELOAD=$preload "$attest" "$@" --quiet --out "$TMPDIR/cut.h5" >/dev/null 2>&1
}
if [ -e "$preload" ]; then
    begin run crossover --set max_n=0
    "$attest" run crossover --set max_n=0 --quiet --out "$TMPDIR/cut.h5" >/dev/null 2>"$TMPDIR/err"
    equal "is not begun anew by accident" $? 2
    contains "but said to be there" "$(<"$TMPDIR/err")" "--resume"
    "$attest" run crossover --set max_n=0 --set M=16 --quiet --resume --out "$TMPDIR/cut.h5" >/dev/null 2>"$TMPDIR/err"
    equal "nor resumed with another plan" $? 2
    "$attest" verify "$TMPDIR/cut.h5.partial" >/dev/null 2>"$TMPDIR/err"
    equal "is no record" $? 3
    contains "and verify says what it is" "$(<"$TMPDIR/err")" "unfinished run"
    out=$("$attest" run --resume --quiet --out "$TMPDIR/cut.h5")
    equal "--resume alone takes its plan from it" "$?-$out" "0-$TMPDIR/cut.h5"
    out=$("$attest" run --resume --quiet --out "$TMPDIR/cut.h5")
    equal "a complete one is left as it is" "$?-$out" "0-$TMPDIR/cut.h5"
fi

# --- at random moments ------------------------------------------------------------------------

ATTEST=$attest ci/torture.sh "${TORTURE:-4}" >"$TMPDIR/torture"
equal "killed at random moments" $? 0
sed 's/^/# /' "$TMPDIR/torture"
finish
