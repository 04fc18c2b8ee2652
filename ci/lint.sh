#!/bin/bash
# `make lint`: every check that needs no running program.  Prints one line a check and the output of
# those that failed; exit 1 if any did.
#
#   ci/lint.sh [CHECK...]   without arguments all of: scripts lists forbidden layout gcc clang tidy man
set -u
cd "$(dirname "$0")/.." || exit 2
ci/install.sh --lint || exit
# Called by make: its flags (a job server, command-line variables) are not for the builds below.
unset MAKEFLAGS MFLAGS MAKELEVEL
jobs=$(nproc)
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT

sources() { # EXTENSION...: files of the working tree, build products and ignored files left out
    git ls-files -co --exclude-standard -- "${@/#/*.}" | while read -r file; do
        [ -f "$file" ] && echo "$file"
    done
}

lint_scripts() {
    local files
    mapfile -t files < <(sources sh && echo .ci/run)
    shellcheck -x "${files[@]}"
}

# A list header holds one macro call a line, sorted, none twice.
lint_lists() {
    local list status=0
    for list in suites/experiments.h suites/kernels/kernels.h suites/kernels/operations.h \
        suites/retrieval/selectors.h; do
        grep -E '^[A-Z]+\(' "$list" | LC_ALL=C sort -cu || {
            echo "$list: not sorted, or a line appears twice"
            status=1
        }
    done
    return $status
}

lint_forbidden() {
    local status=0
    # Results must not depend on what a compiler may assume about NaN or reorder.
    if grep -nE -e '-ffast-math|-funsafe-math|-Ofast|-use_fast_math' Makefile ci/configure.sh ||
        sources c cc h cu | xargs grep -nE 'optimize.*(fast|unsafe)-math'; then
        echo 'fast-math is not allowed'
        status=1
    fi
    if sources c cc h cu | xargs grep -nE '\b(TODO|FIXME|XXX)\b'; then
        echo 'finish it or file it'
        status=1
    fi
    if sources c | grep -E '^(reference|datasets|suites|reports)/' | grep -v /tests/ |
        xargs grep -nE '\b(exit|abort|printf|puts) *\('; then
        echo 'only the command line prints and exits'
        status=1
    fi
    return $status
}

lint_layout() {
    local file status=0
    while read -r file; do
        clang-format --dry-run -Werror "$file" 2>/dev/null || {
            echo "$file: run clang-format -i on it"
            status=1
        }
    done < <(sources c cc h cu)
    return $status
}

lint_gcc() { make -j"$jobs" WERROR=1 VARIANT=release all tests; }

lint_clang() {
    make -j"$jobs" WERROR=1 VARIANT=release BUILD=build/clang CC=clang CXX=clang++ all tests
}

lint_tidy() {
    make VARIANT=release BUILD=build/clang CC=clang CXX=clang++ compdb || return
    local tidy=(xargs -P "$jobs" -n 2 clang-tidy --quiet -p build/clang) status=0
    # status.c defines what analyser.h replaces.
    local analyser=--extra-arg-before=-includeci/analyser.h
    sources c | grep -v /tests/ | grep -vx harness/base/status.c | "${tidy[@]}" $analyser || status=1
    "${tidy[@]}" <<<harness/base/status.c || status=1
    # Tests may start other programs, fill buffers of a known size and step through real numbers.
    sources c | grep /tests/ | "${tidy[@]}" $analyser --checks=-cert-env33-c,-cert-flp30-c,\
-clang-analyzer-security.FloatLoopCounter,-clang-analyzer-security.insecureAPI.strcpy || status=1
    # Google Benchmark's loop, `for (auto _ : state)`, never reads its variable.
    sources cc | "${tidy[@]}" --checks=-clang-analyzer-deadcode.DeadStores || status=1
    return $status
}

lint_man() {
    make VARIANT=release docs && mandoc -Tlint -W warning build/man/attest.1 &&
        bash -n build/completions/attest.bash
}

[ $# -gt 0 ] || set -- scripts lists forbidden layout gcc clang tidy man
failed=0
for check in "$@"; do
    declare -F "lint_$check" >/dev/null || {
        echo "ci/lint.sh: no check named $check" >&2
        exit 2
    }
    began=$SECONDS
    if "lint_$check" >"$log" 2>&1; then
        echo "ok    $check ($((SECONDS - began)) s)"
    else
        failed=$((failed + 1))
        echo "FAIL  $check ($((SECONDS - began)) s)"
        grep -vE '^[0-9]+ warnings? (generated|treated)' "$log"
    fi
done
[ $failed -eq 0 ] || {
    echo "$failed checks failed"
    exit 1
}
