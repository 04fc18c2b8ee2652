#!/bin/bash
# `make bundle`: a tarball that runs wherever glibc is new enough, with smoke data inside.
#
#   ci/bundle.sh [PROGRAM [DIRECTORY]]   defaults: $ATTEST or build/attest, build/
#
# Writes DIRECTORY/attest-bundle-VERSION-linux-x86_64.tar.gz: bin/attest, in lib/ every shared library
# that it needs except glibc's (tied to the machine's loader) and the CUDA driver's, data/ for
# ATTEST_DATA, share/licences, run.sh, SHA256SUMS.  The same program on the same machine gives the same
# bytes.  The bundle is unpacked and started before this script is content;
# its last line on stdout is the tarball's path.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-${ATTEST:-build/attest}}
directory=${2:-build}
newest_glibc=2.36
most_bytes=$((80 * 1000 * 1000)) # a trace and search projections are a third of it

fail() {
    echo "bundle: $*" >&2
    exit 2
}

[ -x "$program" ] || fail "$program is not there: run make first"
for tool in patchelf objdump ldd; do
    command -v $tool >/dev/null || fail "$tool is missing: apt-get install patchelf binutils libc-bin"
done
[ "$(uname -m)" = x86_64 ] || fail "only x86_64 is bundled, this is $(uname -m)"

version=$("$program" --version | grep -oEm1 '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) ||
    fail "$program --version names no version"
name=attest-bundle-$version-linux-x86_64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
mkdir -p "$tree"/{bin,lib,data,share/licences}

# libc.so.6 and what is released with it: these must match the machine's loader.
is_glibc() { # SONAME
    case $1 in
    ld-linux*.so.* | libc.so.* | libm.so.* | libmvec.so.* | libpthread.so.* | libdl.so.* | \
        librt.so.* | libresolv.so.* | libutil.so.* | libanl.so.* | libnss_*.so.*) return 0 ;;
    esac
    return 1
}

# "SONAME PATH" of every shared library that a file loads, PATH empty where it is not found.
libraries_of() { # FILE
    ldd "$1" | awk '$2 == "=>" { print $1, ($3 == "not" ? "" : $3) }'
}

package_of() { # PATH; dpkg knows a file by one name only, with or without /usr
    local path
    path=$(readlink -f "$1")
    { dpkg-query -S "$path" || dpkg-query -S "${path#/usr}" || dpkg-query -S "$1"; } 2>/dev/null |
        sed -n '1s/[:,].*//p'
}

add_licence() { # PACKAGE
    [ -r "/usr/share/doc/$1/copyright" ] || fail "no copyright file of package $1"
    cp -L "/usr/share/doc/$1/copyright" "$tree/share/licences/$1"
}

# --- program and libraries ----------------------------------------------------------------------

cp "$program" "$tree/bin/attest"
while read -r soname path; do
    is_glibc "$soname" && continue
    # The driver's library fits one driver only.
    [[ $soname == libcuda.so* ]] && continue
    [ -n "$path" ] || fail "$program needs $soname, which is not found"
    cp -L "$path" "$tree/lib/$soname"
    package=$(package_of "$path")
    [ -n "$package" ] || fail "$path belongs to no Debian package: its licence is unknown"
    add_licence "$package"
done < <(libraries_of "$program")
chmod -R u+w "$tree"
# DT_RPATH, not DT_RUNPATH: no LD_LIBRARY_PATH of the machine may slip another library in.
# shellcheck disable=SC2016
find "$tree/bin" "$tree/lib" -type f -exec patchelf --force-rpath --set-rpath '$ORIGIN/../lib' {} \;

needed=$(find "$tree/bin" "$tree/lib" -type f -exec objdump -T {} + |
    grep -oE 'GLIBC_[0-9]+\.[0-9.]+' | sed 's/GLIBC_//' | sort -Vu | tail -n 1)
[ "$(printf '%s\n' "$needed" $newest_glibc | sort -V | tail -n 1)" = $newest_glibc ] ||
    fail "the program or a library needs glibc $needed: build on Debian 12 (glibc $newest_glibc)"

# --- licences of what is linked in, data ----------------------------------------------------------

cp LICENSE "$tree/share/licences/attest"
if grep -aq 'N5faiss' "$program" && [ -r /usr/share/doc/libfaiss-dev/copyright ]; then
    add_licence libfaiss-dev
fi
# By an error message, since hnswlib is a header and has no symbol of its own.
if grep -aq 'The number of elements exceeds the specified limit' "$program" &&
    [ -r /usr/share/doc/libhnswlib-dev/copyright ]; then
    add_licence libhnswlib-dev
fi
if grep -aq 'cudaGetDeviceCount' "$program"; then
    cat >"$tree/share/licences/cuda-runtime" <<'T'
bin/attest contains the static CUDA runtime library (libcudart_static.a) of NVIDIA, which the CUDA
Toolkit End User License Agreement, attachment A, lists as redistributable:
https://docs.nvidia.com/cuda/eula/
T
fi

# Debian's copyright files quote the common licences by path only.
mkdir "$tree/share/licences/common"
grep -rohE '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$tree/share/licences" |
    sort -u | while read -r path; do
    [ ! -f "$path" ] || cp -L "$path" "$tree/share/licences/common/"
done

while IFS=$'\t' read -r dataset kind _ _ _ file digest; do
    [ "$kind" = package ] || continue
    [ -r "/usr/share/datasets/$file" ] || fail "apt-get install dataset-$dataset"
    echo "$digest  /usr/share/datasets/$file" | sha256sum --check --quiet --strict - ||
        fail "/usr/share/datasets/$file is not the file of datasets/manifest.tsv"
    mkdir -p "$tree/data/${file%/*}"
    cp "/usr/share/datasets/$file" "$tree/data/$file"
    cp "/usr/share/doc/dataset-$dataset/copyright" "$tree/data/${file%/*}/copyright"
done <datasets/manifest.tsv

# --- run.sh -------------------------------------------------------------------------------------

sed "s/@GLIBC@/$newest_glibc/g" >"$tree/run.sh" <<'T'
#!/bin/sh
# Checks this bundle and the machine, then runs attest with the arguments given, or the smoke run.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || {
    echo "$here: damaged or incomplete: unpack the bundle again" >&2
    exit 2
}
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
glibc=${glibc#glibc }
if [ "$(printf '%s\n' "@GLIBC@" "${glibc:-0}" | sort -V | head -n 1)" != "@GLIBC@" ]; then
    echo "attest needs glibc @GLIBC@ or newer; here is ${glibc:-another C library}" >&2
    exit 2
fi
ATTEST_DATA=${ATTEST_DATA:-$here/data}
export ATTEST_DATA
[ $# -gt 0 ] || set -- run adsampling --profile smoke
exec "$here/bin/attest" "$@"
T
chmod -R u=rwX,go=rX "$tree"
chmod 755 "$tree/run.sh" "$tree/bin/attest"
(cd "$tree" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort |
    xargs -d '\n' sha256sum) >"$work/sums"
install -m 644 "$work/sums" "$tree/SHA256SUMS"

# --- tarball ------------------------------------------------------------------------------------

tarball=$name.tar.gz
LC_ALL=C tar --create --directory "$work" --format=ustar --sort=name --owner=0 --group=0 \
    --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-0}" "$name" | gzip -n >"$work/$tarball"
bytes=$(stat -c %s "$work/$tarball")
[ "$bytes" -le $most_bytes ] || fail "$tarball has $bytes bytes, more than $most_bytes"

# --- does it run? ---------------------------------------------------------------------------------

mkdir "$work/check"
tar --extract --file "$work/$tarball" --directory "$work/check"
unpacked=$work/check/$name
said=$(env -i PATH=/usr/bin:/bin "$unpacked/run.sh" --version) || fail "run.sh --version failed"
[ "$said" = "$("$program" --version)" ] || fail "run.sh --version said: $said"
for file in "$unpacked/bin/attest" "$unpacked"/lib/*; do
    while read -r soname path; do
        is_glibc "$soname" || [[ $(readlink -m "$path") == "$unpacked"/lib/* ]] ||
            fail "${file#"$unpacked"/} takes $soname from ${path:-nowhere}"
    done < <(libraries_of "$file")
done

mkdir -p "$directory"
mv "$work/$tarball" "$directory/$tarball.new"
mv "$directory/$tarball.new" "$directory/$tarball"
echo "bundle: $bytes bytes, needs glibc $newest_glibc" >&2
echo "$directory/$tarball"
