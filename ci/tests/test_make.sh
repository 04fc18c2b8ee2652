#!/bin/bash
# The Makefile judged on a small tree of its own: what is rebuilt, what is reported, what is installed.
. ci/tests/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL VARIANT BUILD
tree=$TMPDIR/tree
mkdir -p "$tree"/{harness/{base,tests},suites/kernels/cpu,reference,datasets,reports}
cp -r Makefile ci LICENSE .gitignore "$tree"
rm -r "$tree/ci/fuzz" # its test programs are compiled against sources that this tree lacks
cp harness/base/version.[ch] "$tree/harness/base"
cp suites/experiments.h "$tree/suites"
cd "$tree" || exit 1

cat >harness/main.c <<'C'
#include <stdio.h>
#include <string.h>

#include "../suites/kernels/cpu/width.h"
#include "base/version.h"

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--help-table") == 0) {
        puts("command\tlist\tList things.\t[experiments|kernels]");
        puts("command\trun\tRun experiments.\tEXPERIMENT...");
        puts("command\tshow\tShow a record.\tRECORD");
        puts("command\tenv\tPrint the machine.");
        puts("option\t-\t--color\tauto|always|never\tColour.");
        puts("option\trun\t--out\tFILE\tWhere the record goes; it's a [file].");
        return 0;
    }
    printf("%s|%s|%d|%s|%d\n", suite_version(), suite_commit(), suite_dirty(), suite_flags(),
           WIDTH + width_avx2());
    return 0;
}
C
printf '#define WIDTH 1\nint width_avx2(void);\n' >suites/kernels/cpu/width.h
cat >suites/kernels/cpu/width_avx2.c <<'C'
#include "width.h"
#if !defined(__AVX2__) || !defined(__FMA__) || defined(__AVX512F__)
#error "compiled for another instruction set than its name says"
#endif
int width_avx2(void) { return 256; }
C
cat >reference/baseline.c <<'C'
#if defined(__AVX__) || defined(__SSE3__)
#error "the baseline must stay plain x86-64"
#endif
extern int baseline;
int baseline = 1;
C
cat >harness/tests/helper.h <<'C'
int helper(void);
C
cat >harness/tests/helper.c <<'C'
#include "helper.h"
int helper(void) { return 7; }
C
cat >harness/tests/test_small.c <<'C'
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper.h"

static void helper_is_linked(void **state) {
    (void)state;
    assert_int_equal(helper(), 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(helper_is_linked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
C
# No CUDA here: what is judged is the build, and nvcc takes its time.
export NVCC=$TMPDIR/no-nvcc
make() { command make --no-print-directory "$@"; }

out=$(make help)
contains 'help lists a goal with its purpose' "$out" 'make test'
make clean >/dev/null
check 'help and clean probe nothing' test ! -e build

out=$(PKG_CONFIG_LIBDIR=/nonexistent make 2>&1)
equal 'missing dependency: exit status' $? 2
equal 'missing dependency: one line' "$(wc -l <<<"$out")" 1
contains 'missing dependency: names the package' "$out" "Debian's libbenchmark-dev"
contains 'missing dependency: names the installer' "$out" 'ci/install.sh'

out=$(make 2>&1)
equal 'builds' $? 0
IFS='|' read -r version commit dirty flags width < <(build/attest)
equal 'version' "$version" "$(sed -n 's/^VERSION := //p' Makefile)"
equal 'commit outside git' "$commit|$dirty" 'unknown|0'
contains 'flags are stated' "$flags" '-ffp-contract=off'
equal 'fast-math is not among them' "${flags/fast-math/}" "$flags"
equal 'value of the small tree' "$width" 257
equal 'no path of the build machine in the program' "$(grep -c "$TMPDIR" build/attest)" 0
equal 'everything built lies under build/' "$(find . -newer build/config.mk -type f \
    -not -path './build/*')" ''
contains 'config shows CUDA left out' "$(make config)" 'left out'

equal 'second make does nothing' "$(make 2>&1)" ''
sed -i 's/WIDTH 1/WIDTH 2/' suites/kernels/cpu/width.h
out=$(make 2>&1)
contains 'a changed header rebuilds what includes it' "$out" 'harness/main.c'
equal 'and nothing else' "${out/version.c/}" "$out"
equal 'new value' "$(build/attest | cut -d '|' -f 5)" 258
contains 'a changed flag rebuilds' "$(make WERROR=0 2>&1)" 'harness/base/version.c'
make >/dev/null 2>&1

printf 'int unused_result(void);\nint unused_result(void) { int x = 1.5; return x; }\n' \
    >harness/warns.c
make >/dev/null 2>&1
equal 'a warning is an error' $? 2
make WERROR=0 >/dev/null 2>&1
equal 'unless WERROR=0' $? 0
rm harness/warns.c
make >/dev/null 2>&1
equal 'a deleted source leaves the library' "$(ar t build/libattest.a | grep -c warns)" 0

git init -q . && git add -A
git -c user.name=x -c user.email=x@example.org commit -q -m x
make >/dev/null 2>&1
equal 'commit of a clean tree' "$(build/attest | cut -d '|' -f 2,3)" \
    "$(git rev-parse HEAD)|0"
echo >>LICENSE
make >/dev/null 2>&1
equal 'a changed tree is dirty' "$(build/attest | cut -d '|' -f 3)" 1

make tests >/dev/null 2>&1
equal 'a test program with its helper passes' \
    "$(ci/test.sh build/harness/tests/test_small | tail -n 1)" '1 passed, 0 failed, 0 skipped'

make debug >/dev/null 2>&1
equal 'debug builds' $? 0
check 'debug program has AddressSanitizer' grep -q __asan_init build/debug/attest
contains 'after make debug, make test takes the debug build' "$(make -n test)" \
    'testing the debug build in build/debug/'
make >/dev/null 2>&1
contains 'after make, the release build again' "$(make -n test)" \
    'testing the release build in build/'

root=$TMPDIR/root
make install DESTDIR="$root" PREFIX=/usr >/dev/null 2>&1
equal 'install: exit status' $? 0
equal 'install: files' "$(cd "$root" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
    './usr/bin/attest ./usr/share/bash-completion/completions/attest'\
' ./usr/share/doc/attest/LICENSE ./usr/share/fish/vendor_completions.d/attest.fish'\
' ./usr/share/man/man1/attest.1 ./usr/share/zsh/site-functions/_attest '
contains 'man page has the options' "$(<"$root/usr/share/man/man1/attest.1")" '.It Fl -out Ar FILE'

if command -v mandoc >/dev/null; then
    equal 'man page has no warnings' "$(mandoc -Tlint -W warning build/man/attest.1 2>&1)" ''
else
    skip 'man page has no warnings' 'mandoc is not installed'
fi

complete_words() { # WORD...
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _attest; echo "${COMPREPLY[*]}"' \
        "$root/usr/share/bash-completion/completions/attest" "$@"
}
equal 'bash completes a command' "$(complete_words attest sh)" show
equal 'bash completes an option' "$(complete_words attest run --o)" --out
equal 'bash completes a choice' "$(complete_words attest run --color al)" always
equal 'bash completes an experiment' "$(complete_words attest run cross)" crossover
equal 'bash completes a choice of operands' "$(complete_words attest list k)" kernels
equal 'bash completes --help' "$(complete_words attest env --h)" --help
equal 'bash completes a file' "$(complete_words attest show LIC)" LICENSE
if command -v zsh >/dev/null; then
    check 'zsh reads its completions' zsh -n "$root/usr/share/zsh/site-functions/_attest"
else
    skip 'zsh reads its completions' 'zsh is not installed'
fi
if command -v fish >/dev/null; then
    check 'fish reads its completions' fish -n \
        "$root/usr/share/fish/vendor_completions.d/attest.fish"
else
    skip 'fish reads its completions' 'fish is not installed'
fi

make uninstall DESTDIR="$root" PREFIX=/usr >/dev/null 2>&1
equal 'uninstall removes every file' "$(find "$root" -type f)" ''
finish
