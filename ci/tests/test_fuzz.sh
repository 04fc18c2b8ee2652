#!/bin/bash
# `make fuzz` judged without fuzzing: what it refuses, and that every target is listed and has seeds.
. ci/tests/tap.sh
unset T TARGETS

out=$(T=0 ci/fuzz/run.sh 2>&1)
equal 'no seconds: exit status' $? 2
contains 'no seconds: says so' "$out" 'T=0 is not a number of seconds'
out=$(TARGETS='idx nothing' ci/fuzz/run.sh 2>&1)
equal 'unknown target: exit status' $? 2
contains 'unknown target: names it and the others' "$out" 'no target nothing; there are annb'

mkdir "$TMPDIR/bin"
printf '#!/bin/bash\nexit 1\n' >"$TMPDIR/bin/clang"
chmod +x "$TMPDIR/bin/clang"
out=$(PATH=$TMPDIR/bin:$PATH ci/fuzz/run.sh 2>&1)
equal 'no libFuzzer: exit status' $? 2
equal 'no libFuzzer: one line' "$(wc -l <<<"$out")" 1
contains 'no libFuzzer: names the package' "$out" 'libclang-rt-14-dev'
contains 'no libFuzzer: names the installer' "$out" 'ci/install.sh --fuzz'
contains 'the installer lists the package' "$(ci/install.sh --list)" 'libclang-rt-14-dev'
contains 'make fuzz calls it' "$(make -n fuzz T=7 TARGETS=idx)" "T='7' TARGETS='idx' ci/fuzz/run.sh"

listed=$(sed -n 's/^TARGET(\(.*\))$/\1/p' ci/fuzz/targets.h)
files=$(printf '%s\n' ci/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/\.c$//' | LC_ALL=C sort)
equal 'the list is the files, sorted' "$listed" "$files"
for target in $files; do
    check "$target has seeds" test -n "$(compgen -G "ci/fuzz/seeds/$target/*")"
done
equal 'seeds stay small' "$(($(du -sk --apparent-size ci/fuzz/seeds | cut -f 1) < 300))" 1
finish
