#!/bin/bash
# Finds compilers and libraries and caches what it found as make variables.
#
#   ci/configure.sh FILE     writes FILE (build/config.mk)
#   ci/configure.sh --check  writes nothing; exit 0 when every required dependency is there
#
# Nothing is done while FILE is newer than this script and the Makefile.  A missing required
# dependency prints one line that names its Debian package and exits 2; FILE is then not written, so
# that the next call looks again.  A missing optional one is recorded with its reason.
set -u
cd "$(dirname "$0")/.." || exit 2
out=${1:?usage: ci/configure.sh FILE | --check}
if [ "$out" != --check ] && [ "$out" -nt ci/configure.sh ] && [ "$out" -nt Makefile ]; then
    exit 0
fi

CC=${CC:-gcc}
CXX=${CXX:-g++}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

missing() { # PACKAGE WHAT
    echo "missing $2: install Debian's $1 (ci/install.sh installs everything needed)"
    exit 2
}

compiles_c() { "$CC" -x c - -o "$work/probe" "$@" 2>/dev/null; }
compiles_cxx() { "$CXX" -std=c++17 -x c++ - -x none -o "$work/probe" "$@" 2>/dev/null; }

# Headers of others are system headers: our warnings are not about them.
library() { # PACKAGE MODULE...  -> sets cflags, libs, version
    local package=$1 module
    shift
    for module in "$@"; do
        if pkg-config --exists "$module" 2>/dev/null; then
            cflags=$(pkg-config --cflags "$module" | sed 's/-I *\//-isystem \//g; s/ *$//')
            libs=$(pkg-config --libs "$module" | sed 's/ *$//')
            version=$(pkg-config --modversion "$module")
            return
        fi
    done
    missing "$package" "$1 (asked pkg-config for $*)"
}

command -v "$CC" >/dev/null || missing gcc "C compiler $CC"
command -v "$CXX" >/dev/null || missing g++ "C++ compiler $CXX"
command -v pkg-config >/dev/null || missing pkg-config "pkg-config"

all_cflags='' all_libs='' found=''
add() { # NAME
    all_cflags="$all_cflags $cflags"
    all_libs="$all_libs $libs"
    found="$found $1=$version"
}
library libbenchmark-dev benchmark && add benchmark
library libhdf5-dev hdf5 hdf5-serial && add hdf5
library libjansson-dev jansson && add jansson
library libsodium-dev libsodium && add libsodium
library zlib1g-dev zlib && add zlib
library libpcre2-dev libpcre2-8 && add pcre2
library libopenblas-dev openblas && add openblas
openblas_cflags=$cflags openblas_libs=$libs
# Only the unit tests need cmocka: a plain build goes on without it.
cmocka_cflags='' cmocka_libs='' cmocka_missing=''
if cmocka_missing=$(library libcmocka-dev cmocka); then
    library libcmocka-dev cmocka
    cmocka_cflags=$cflags cmocka_libs=$libs found="$found cmocka=$version"
fi

# FAISS: the official C library where the system has it; else the C++ archive, whose C interface
# suites/kernels/cpu/faiss_c.cc then supplies (Debian ships the C headers without their code).
faiss_mode='' faiss_libs=''
if compiles_c -lfaiss_c -lfaiss -lgomp <<'C'
#include <faiss/c_api/IndexFlat_c.h>
int main(void) { FaissIndexFlatL2 *index = 0; return faiss_IndexFlatL2_new_with(&index, 4); }
C
then
    faiss_mode=system faiss_libs="-lfaiss_c -lfaiss -lgomp"
else
    # shellcheck disable=SC2086 # flags are words
    if compiles_cxx $openblas_cflags -lfaiss $openblas_libs -lgomp <<'C'
#include <faiss/IndexFlat.h>
#include <faiss/c_api/IndexFlat_c.h>
int main() { faiss::IndexFlatL2 index(4); return static_cast<int>(index.ntotal); }
C
    then
        faiss_mode=archive faiss_libs="-lfaiss -lgomp"
    else
        missing libfaiss-dev "FAISS (libfaiss with its C headers)"
    fi
fi

faiss_version=$(sed -n 's/^#define FAISS_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' \
    /usr/include/faiss/Index.h /usr/local/include/faiss/Index.h 2>/dev/null | head -n 3 | paste -sd.)
found="$found faiss=${faiss_version:-unknown}"

# hnswlib is headers alone, without a version in them: Debian's package has one.
hnswlib=0
if compiles_cxx <<'C'
#include <hnswlib/hnswlib.h>
int main() { return static_cast<int>(hnswlib::L2Space(4).get_data_size()); }
C
then
    hnswlib=1
    version=$(dpkg-query -W -f '${Version}' libhnswlib-dev 2>/dev/null)
    found="$found hnswlib=${version:-unknown}"
fi

if [ "$out" = --check ]; then
    [ -z "$cmocka_missing" ] || { echo "$cmocka_missing" && exit 2; }
    exit 0
fi

# CUDA: optional.  Asked by compiling, because an nvcc may refuse the host compiler or a target.
cuda=0 cuda_reason='nvcc not found in PATH or /usr/local/cuda/bin' nvcc='' cuda_version=''
cuda_cflags='' cuda_libs='' cuda_gencode=''
nvcc=${NVCC:-$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc)}
if [ -n "$nvcc" ]; then
    home=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
    for target in arch=compute_80,code=sm_80 arch=compute_90,code=sm_90 \
        arch=compute_90,code=compute_90; do
        cuda_gencode="$cuda_gencode -gencode $target"
    done
    cat >"$work/probe.cu" <<'C'
#include <cuda_runtime_api.h>
__global__ void nothing() {}
int main() { int n; nothing<<<1, 1>>>(); return cudaGetDeviceCount(&n) != cudaSuccess; }
C
    # shellcheck disable=SC2086 # flags are words
    if ! "$nvcc" -std=c++17 $cuda_gencode -c "$work/probe.cu" -o "$work/probe.o" \
        >"$work/log" 2>&1; then
        cuda_reason="$nvcc cannot compile for sm_80 and sm_90: $(head -n 1 "$work/log" | tr -cd '[:alnum:] .,:_/-')"
    else
        cuda_reason='libcudart_static.a not found beside nvcc'
        for dir in "$home/lib64" "$home/targets/x86_64-linux/lib" "$home/lib" \
            /usr/lib/x86_64-linux-gnu; do
            [ -e "$dir/libcudart_static.a" ] || continue
            cuda=1 cuda_reason=''
            # The runtime is linked statically: the program starts where no driver is.
            cuda_libs="-L$dir -lcudart_static -ldl -lrt -lpthread"
            for include in "$home/include" "$home/targets/x86_64-linux/include"; do
                [ -e "$include/cuda_runtime_api.h" ] || continue
                cuda_cflags="-isystem $include"
                break
            done
            break
        done
    fi
    cuda_version=$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\),.*/\1/p')
fi
[ "$cuda" = 1 ] && found="$found cuda=$cuda_version"

squeeze() { printf '%s' "$*" | tr -s ' ' | sed 's/^ //; s/ $//'; }
mkdir -p "$(dirname "$out")" || exit 2
{
    echo "# Written by ci/configure.sh; \`make reconfigure\` looks again."
    echo "FOUND := $(squeeze "$found")"
    echo "LIB_CFLAGS := $(squeeze "$all_cflags")"
    echo "LIB_LIBS := $(squeeze "$faiss_libs $all_libs") -lpthread -ldl -lm"
    echo "CMOCKA_MISSING := $cmocka_missing"
    echo "CMOCKA_CFLAGS := $(squeeze "$cmocka_cflags")"
    echo "CMOCKA_LIBS := $(squeeze "$cmocka_libs")"
    echo "FAISS := $faiss_mode"
    echo "HNSWLIB := $hnswlib"
    echo "CUDA := $cuda"
    echo "CUDA_REASON := $cuda_reason"
    echo "NVCC := $nvcc"
    echo "CUDA_GENCODE := $(squeeze "$cuda_gencode")"
    echo "CUDA_CFLAGS := $cuda_cflags"
    echo "CUDA_LIBS := $cuda_libs"
} >"$work/config.mk" && mv "$work/config.mk" "$out"
