#!/bin/bash
# ci/test.sh judged on small test files whose outcome is known.
. ci/tests/tap.sh
dir=$TMPDIR/fixtures
mkdir "$dir"

fixture() { # NAME, script on stdin
    { echo '#!/bin/bash' && cat; } >"$dir/$1"
    chmod +x "$dir/$1"
}
runner() { TEST_TIMEOUT=${limit:-20} ci/test.sh "${@/#/$dir/}" 2>&1; }
last() { tail -n 1 <<<"$1"; }

fixture test_pass <<'T'
echo 1..2; echo "ok 1 - a"; echo "# a remark"; echo "ok 2 - b"
T
fixture test_fail <<'T'
echo 1..2; echo "ok 1 - a"; echo "not ok 2 - broken"; echo "# 0x1 != 0x2"; echo told >&2; exit 1
T
fixture test_crash <<'T'
echo 1..2; echo "ok 1 - a"; kill -SEGV $$
T
fixture test_abort <<'T'
echo 1..1; echo "ok 1 - a"; kill -ABRT $$
T
fixture test_hang <<'T'
echo 1..1; sleep 60; echo "ok 1 - a"
T
fixture test_skip <<'T'
echo 1..3; echo "ok 1 - a"; echo "ok 2 - card # SKIP no device"
echo "no driver"; echo "not ok 3 # SKIP of_cmocka"
T
fixture test_skip_all <<'T'
echo "needs python3"; exit 77
T
fixture test_short <<'T'
echo 1..3; echo "ok 1 - a"; echo "ok 2 - b"
T
fixture test_long <<'T'
echo 1..1; echo "ok 1 - a"; echo "ok 2 - b"
T
fixture test_no_plan <<'T'
echo "ok 1 - a"
T
fixture test_silent <<'T'
exit 0
T
fixture test_status <<'T'
echo 1..1; echo "ok 1 - a"; exit 99
T
fixture test_gap <<'T'
echo 1..2; echo "ok 1 - a"; echo "ok 3 - b"
T
fixture test_malformed <<'T'
echo 1..1; echo "ok - a"
T
fixture test_bail <<'T'
echo 1..1; echo "ok 1 - a"; echo "Bail out! no disk"
T
fixture test_groups <<'T'
echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"; echo "# ok - one"
echo 1..1; echo "ok 1 - c"; echo "# ok - two"
T
fixture test_group_setup <<'T'
echo 1..2; echo "not ok 0 - group [  FAILED  ] GROUP SETUP"; exit 1
T
fixture test_tmp.sh <<'T'
[ -z "$(ls -A "$TMPDIR")" ] && echo "ok 1 - empty TMPDIR" || echo "not ok 1 - empty TMPDIR"
touch "$TMPDIR/left-behind"; echo 1..1
T

out=$(runner test_pass)
equal 'passing: exit status' $? 0
equal 'passing: last line' "$(last "$out")" '2 passed, 0 failed, 0 skipped'

out=$(runner test_fail)
equal 'failing: exit status' $? 1
equal 'failing: last line' "$(last "$out")" '1 passed, 1 failed, 0 skipped'
contains 'failing: named' "$out" "FAILED $dir/test_fail: broken"
contains 'failing: its stdout is shown' "$out" '# 0x1 != 0x2'
contains 'failing: its stderr is shown' "$out" told

out=$(runner test_crash)
equal 'crashing: exit status' $? 1
equal 'crashing: signal and short plan count' "$(last "$out")" '1 passed, 2 failed, 0 skipped'
contains 'crashing: named' "$out" "FAILED $dir/test_crash: killed by signal 11"

out=$(runner test_abort)
equal 'crashing after the last result: still a failure' "$(last "$out")" \
    '1 passed, 1 failed, 0 skipped'

out=$(limit=1 runner test_hang)
equal 'hanging: exit status' $? 1
contains 'hanging: named' "$out" "FAILED $dir/test_hang: timed out"

out=$(runner test_skip)
equal 'skipping: exit status' $? 0
equal 'skipping: last line' "$(last "$out")" '1 passed, 0 failed, 2 skipped'
contains 'skipping: reason' "$out" 'card: no device'
contains 'skipping: reason as cmocka prints it' "$out" 'of_cmocka: no driver'

out=$(runner test_skip_all)
equal 'exit 77: one skip' "$(last "$out")" '0 passed, 0 failed, 1 skipped'
contains 'exit 77: reason' "$out" 'all: needs python3'

for name in short long no_plan status gap malformed bail; do
    runner "test_$name" >/dev/null
    equal "$name: exit status" $? 1
done
contains 'short: named' "$(runner test_short)" 'test_short: 2 results, 3 planned'
contains 'no plan: named' "$(runner test_no_plan)" 'test_no_plan: no plan (1..N)'
contains 'non-zero exit: named' "$(runner test_status)" 'exit status 99 though no test failed'

runner test_silent >/dev/null
equal 'no result at all is a failure' $? 1

out=$(runner test_groups)
equal 'two groups in one program' "$(last "$out")" '3 passed, 0 failed, 0 skipped'

runner test_group_setup >/dev/null
equal 'a group whose setup failed' $? 1

out=$(runner test_tmp.sh test_tmp.sh)
equal 'each file gets an empty TMPDIR' "$(last "$out")" '2 passed, 0 failed, 0 skipped'

out=$(env -u TMPDIR bash -c '. ci/tests/tap.sh; echo went on' 2>&1)
equal 'a shell test without a TMPDIR does nothing' $? 2
contains 'and says why' "$out" 'TMPDIR names no folder'

out=$(runner test_pass test_fail test_skip)
equal 'sums over files' "$(last "$out")" '4 passed, 1 failed, 2 skipped'
finish
