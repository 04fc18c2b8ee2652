#!/bin/bash
# The bundle: made twice alike, small enough, closed in itself, and careful about what it runs on.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}

reason=
if ! command -v patchelf >/dev/null; then
    reason='patchelf is missing: apt-get install patchelf'
elif [ ! -x "$attest" ]; then
    reason="$attest is not built"
elif [ ! -d /usr/share/datasets/fashion-mnist ]; then
    reason='dataset-fashion-mnist is not installed'
elif ldd "$attest" | grep -q 'lib[at]san\|libclang_rt'; then
    reason='a sanitizer build is not for bundling'
fi
if [ -n "$reason" ]; then
    skip bundle "$reason"
    finish
fi

tarball=$(ci/bundle.sh "$attest" "$TMPDIR/first" 2>"$TMPDIR/log" | tail -n 1)
if [ ! -f "$tarball" ]; then
    check 'a bundle is made' false
    sed 's/^/# /' "$TMPDIR/log"
    finish
fi
check 'a bundle is made' true
check 'it has at most 80 MB' [ "$(stat -c %s "$tarball")" -le 80000000 ]

again=$(TZ=Asia/Tokyo LC_ALL=C.UTF-8 ci/bundle.sh "$attest" "$TMPDIR/second" 2>/dev/null | tail -n 1)
check 'a second one has the same bytes' cmp -s "$tarball" "$again"
rm -r "$TMPDIR/second"

listing=$(tar -tvzf "$tarball")
equal 'all members belong to root' "$(awk '$2 != "0/0"' <<<"$listing")" ''
equal 'no member is a link or a device' "$(grep -v '^[-d]' <<<"$listing")" ''

cd "$TMPDIR" && tar -xzf "$tarball"
bundle=$TMPDIR/$(basename "$tarball" .tar.gz)
equal 'every file but the list itself has a checksum' \
    "$(awk '{ print $2 }' "$bundle/SHA256SUMS")" \
    "$(cd "$bundle" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort)"
check 'libraries come with licences' [ "$(find "$bundle/share/licences" -type f | wc -l)" -gt 3 ]
equal 'no glibc and no driver inside' \
    "$(find "$bundle/lib" -name 'libc.so*' -o -name 'libm.so*' -o -name 'ld-linux*' \
        -o -name 'libcuda.so*')" ''
equal 'nothing is searched outside' \
    "$(for file in "$bundle/bin/attest" "$bundle"/lib/*; do patchelf --print-rpath "$file"; done |
        sort -u)" "\$ORIGIN/../lib"

mkdir elsewhere && cd elsewhere || exit 1
clean() { env -i PATH="${PATH_FIRST:+$PATH_FIRST:}/usr/bin:/bin" "$@"; }
equal 'run.sh passes its arguments on, from any folder' "$(clean "$bundle/run.sh" --version)" \
    "$("$attest" --version)"

mkdir "$TMPDIR/old"
printf '#!/bin/sh\necho glibc 2.9\n' >"$TMPDIR/old/getconf"
chmod +x "$TMPDIR/old/getconf"
output=$(PATH_FIRST=$TMPDIR/old clean "$bundle/run.sh" --version 2>&1)
equal 'an older glibc is refused' $? 2
contains 'with its version' "$output" 'here is 2.9'

printf '\0' >>"$bundle/bin/attest"
output=$(clean "$bundle/run.sh" --version 2>&1)
equal 'a changed file is refused' $? 2
contains 'and named' "$output" 'bin/attest: FAILED'
finish
