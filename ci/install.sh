#!/bin/bash
# Installs the Debian packages that building, running and testing need, and only those missing.
#
#   ci/install.sh         what `make run` and `make test` need
#   ci/install.sh --lint  that and the tools of `make lint`
#   ci/install.sh --fuzz  that and what `make fuzz` needs
#   ci/install.sh --list  prints the packages and why each is needed; installs nothing
#
# As root it installs; a user with sudo installs through it; otherwise it prints the exact line to
# run and exits 2.  Nothing missing: exits 0 at once, without a word.
set -u
cd "$(dirname "$0")/.." || exit 2

required='
gcc                    C compiler
g++                    C++ compiler and linker driver (Google Benchmark and FAISS are C++)
make                   the build
pkg-config             finds the libraries below
git                    commit and dirty flag in every record
libhdf5-dev            records and ann-benchmarks files
libopenblas-dev        batched distances (sgemm), and FAISS needs a BLAS
libfaiss-dev           IndexFlat, the library to compare with
libbenchmark-dev       Google Benchmark, the timer
libsodium-dev          BLAKE2b digests and seals
libjansson-dev         JSON output
zlib1g-dev             compressed data sets
libpcre2-dev           splits text into words before it is tokenised
libcmocka-dev          unit tests
gnuplot-nox            plots of the reports
dataset-fashion-mnist  60,000 real vectors of 784 dimensions
'
# Without these the kernels and tests that use them are skipped by name, and `make bundle` refuses.
optional='
libhnswlib-dev         graph/hnswlib, the library to compare graph searches with
patchelf               the bundle: points the program at the libraries beside it
minisign               tests verify our signatures with the stock tool, and we its
hdf5-tools             tests read records with a second HDF5 program (h5dump)
python3                tests check JSON and generated files with an independent reader
python3-pip            datasets/fetch-smollm2.sh fetches the language model with it
python3-h5py           tests write HDF5 files that attest did not write itself
debian-handbook        text to run a language model on
exim4-doc-html         text to run a language model on
'
lint='
clang                  second compiler
clang-format           layout of the sources
clang-tidy             static analysis
shellcheck             static analysis of the scripts
mandoc                 checks the manual page
'
fuzz='
clang                  compiles for libFuzzer
libclang-rt-14-dev     libFuzzer and the sanitizers
llvm                   tells whose function a crash is in (llvm-symbolizer)
'

packages() { awk 'NF { print $1 }' <<<"$1"; }

needed=$required
case ${1-} in
'') ;;
--lint) needed=$needed$lint ;;
--fuzz) needed=$needed$fuzz ;;
--list)
    printf 'required:%soptional:%slint:%sfuzz:%s' "$required" "$optional" "$lint" "$fuzz"
    exit 0
    ;;
*)
    echo "usage: ci/install.sh [--lint | --fuzz | --list]" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    # Another system may still have everything; then there is nothing to ask for.
    reason=$(ci/configure.sh --check) && exit 0
    {
        echo "not a Debian system, and $reason"
        echo "Install what corresponds to these Debian packages, then try again:"
        printf '%s' "$required$optional"
    } >&2
    exit 2
fi

# A package counts as there when dpkg says so or another one provides it (pkgconf for pkg-config).
installed=$(dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Provides}\n' 2>/dev/null |
    awk -F '\t' '$1 ~ /^.i/ {
        print $2
        n = split($3, provided, /, */)
        for (i = 1; i <= n; i++) { sub(/[ :(].*/, "", provided[i]); print provided[i] }
    }')
absent() { # LIST
    local package
    for package in $(packages "$1"); do
        [[ $'\n'$installed$'\n' == *$'\n'$package$'\n'* ]] || echo "$package"
    done
}
mapfile -t missing < <(absent "$needed")
mapfile -t missing_optional < <(absent "$optional")
[ $((${#missing[@]} + ${#missing_optional[@]})) -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=(sudo)
    elif [ ${#missing[@]} -eq 0 ]; then
        echo "going on without ${missing_optional[*]}: the tests that use them are skipped" >&2
        exit 0
    else
        {
            echo "${#missing[@]} packages are missing, and installing needs root. Run as root:"
            echo "apt-get update && apt-get install -y --no-install-recommends" \
                "${missing[@]}" "${missing_optional[@]}"
        } >&2
        exit 2
    fi
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=120 "$@" >&2
}
install_packages() {
    [ $# -eq 0 ] || { apt update && apt install -y --no-install-recommends "$@"; }
}

echo "installing:" "${missing[@]}" "${missing_optional[@]}" >&2
install_packages "${missing[@]}" "${missing_optional[@]}" && exit 0
# Once more, because mirrors and package locks fail for a moment now and then; the optional ones are
# tried apart, so that one of them cannot keep the others out.
sleep 5
install_packages "${missing[@]}" || {
    echo "installing failed; still needed: ${missing[*]}" >&2
    exit 2
}
install_packages "${missing_optional[@]}" ||
    echo "going on without ${missing_optional[*]}: the tests that use them are skipped" >&2
exit 0
