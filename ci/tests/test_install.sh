#!/bin/bash
# ci/install.sh judged with stand-ins for dpkg, apt-get, sudo and id: nothing is installed.
. ci/tests/tap.sh
bin=$TMPDIR/bin
mkdir "$bin"
list=$(ci/install.sh --list)
all=$(awk '/^[a-z].*:$/ { section = $1; next } section != "lint:" && section != "fuzz:" { print $1 }' <<<"$list")

stub() { # NAME, script on stdin
    { echo '#!/bin/bash' && cat; } >"$bin/$1"
    chmod +x "$bin/$1"
}
stub dpkg-query <<'T'
while read -r package; do printf 'ii \t%s\t%s\n' "$package" "$PROVIDES"; done <"$INSTALLED"
T
stub apt-get <<'T'
echo "apt-get $*" >>"$CALLS"
[ ! -e "$FAIL" ] || { rm "$FAIL"; exit 100; }
T
stub sudo <<'T'
[ -z "$NO_SUDO" ] || exit 1
[ "$1" != -n ] || shift
echo sudo >>"$CALLS"
exec "$@"
T
stub id <<'T'
echo "${FAKE_UID:-0}"
T
stub sleep <<'T'
exit 0
T
export INSTALLED=$TMPDIR/installed CALLS=$TMPDIR/calls FAIL=$TMPDIR/fail PROVIDES='' NO_SUDO=''
installer() {
    : >"$CALLS"
    PATH=$bin:$PATH ci/install.sh "$@" 2>&1 </dev/null
}
without() { grep -vxF "$1" <<<"$all" >"$INSTALLED"; }

echo "$all" >"$INSTALLED"
out=$(installer)
equal 'complete: exit status and silence' "$?$out" 0
equal 'complete: apt is not called' "$(<"$CALLS")" ''

without libsodium-dev
installer >/dev/null
equal 'root: exit status' $? 0
contains 'root: installs exactly what is missing' "$(<"$CALLS")" 'install -y --no-install-recommends libsodium-dev'
contains 'root: updates first' "$(head -n 1 "$CALLS")" update
equal 'root: no sudo' "$(grep -c sudo "$CALLS")" 0

touch "$FAIL"
installer >/dev/null
equal 'a failure is tried once more' "$?:$(grep -c install "$CALLS"):$(grep -c update "$CALLS")" 0:1:2

FAKE_UID=1000 installer >/dev/null
equal 'user with sudo: exit status' $? 0
check 'user with sudo: through sudo' grep -q sudo "$CALLS"

export FAKE_UID=1000 NO_SUDO=1
out=$(installer)
equal 'neither: exit status' $? 2
contains 'neither: the exact line' "$out" \
    'apt-get update && apt-get install -y --no-install-recommends libsodium-dev'
equal 'neither: apt is not called' "$(<"$CALLS")" ''

without python3-h5py
out=$(installer)
equal 'neither, only an optional one missing: goes on' $? 0
contains 'and says so' "$out" 'going on without python3-h5py'

without pkg-config
PROVIDES='pkg-config (= 1.8.1-1), other' installer >/dev/null
equal 'a package that another one provides is there' $? 0

echo "$all" >"$INSTALLED"
installer --lint >/dev/null
equal '--lint asks for more' $? 2
installer --fuzz >/dev/null
equal '--fuzz asks for more' $? 2
installer --wrong >/dev/null
equal 'wrong usage: exit status' $? 2
finish
