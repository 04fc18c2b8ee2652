#!/bin/bash
# Signing from the command line, and with the stock minisign as a second opinion.
. ci/tests/tap.sh
attest=${ATTEST:-build/attest}
work=$TMPDIR/sign
mkdir -p "$work/records" && cd "$work" || exit 2
case $attest in /*) ;; *) attest=$OLDPWD/$attest ;; esac
password='correct horse battery'

# refused CODE PART ARGS...: exit code, nothing on stdout, one line on stderr that holds PART
refused() {
    local code=$1 part=$2 out status
    shift 2
    out=$("$attest" "$@" 2>err)
    status=$?
    equal "attest $1: exit code for: $part" $status "$code"
    [ -z "$out" ] && [ "$(wc -l <err)" -eq 1 ] && [[ $(<err) == "attest: "*"$part"* ]]
    tap_result $? "attest $1: one line: $part"
}

# --- keys --------------------------------------------------------------------------------------
out=$(echo "$password" | "$attest" keygen --cost interactive k 2>&1)
equal "keygen exits 0" $? 0
contains "keygen shows the key's id" "$out" "key         $(head -n 1 k.pub | sed 's/.* //')"
equal "modes" "$(stat -c %a k.pub k.key | xargs)" "644 600"
(umask 077 && echo "$password" >pw && echo wrong >bad)
# at byte 38: 524288 operations and 16 MiB
contains "the file states its cost" \
    "$(tail -n 1 k.key | base64 -d | od -An -tx1 -j38 -N16 | xargs)" "00 00 08 00 00 00 00 00 00 00 00 01"
refused 2 "k.key: there already: a key is never overwritten" keygen k --password-file pw
refused 2 "an empty password" keygen e </dev/null
refused 2 "an empty password" keygen e <<<""
refused 2 "--cost is interactive or sensitive" keygen e --cost cheap
refused 2 "cannot create" keygen none/e --cost interactive --password-file pw
refused 2 "name one key" keygen
check "a refused keygen leaves nothing" test ! -e e.key -a ! -e e.pub

# answer PROMPT TEXT: waits for the prompt, then types; what the terminal showed grows in $shown
answer() {
    local char
    until [[ $shown == *"$1" ]]; do
        IFS= read -r -N 1 -t 20 -u "${terminal[0]}" char || return
        shown+=$char
    done
    echo "$2" >&"${terminal[1]}"
}

# type_twice NAME FIRST SECOND: attest keygen at a terminal
type_twice() {
    shown=''
    coproc terminal { script -qec "'$attest' keygen --cost interactive $1" /dev/null; }
    answer 'Password: ' "$2" && answer '(one more time): ' "$3"
    shown+=$(cat <&"${terminal[0]}")
    wait
}

if script --version >/dev/null 2>&1; then
    type_twice t "$password" "$password" 2>/dev/null
    check "keygen at a terminal" test -s t.key -a -s t.pub
    contains "it asks twice" "$shown" "one more time"
    check "it does not echo" test "${shown/"$password"/}" = "$shown"
    type_twice u "$password" another 2>/dev/null
    contains "two passwords that differ" "$shown" "the two passwords differ"
    check "no key then" test ! -e u.key
else
    skip "keygen at a terminal" "script is not installed"
fi

# --- sealing -----------------------------------------------------------------------------------
"$attest" run crossover --filter crossover/model --quiet --out records/a.h5 >/dev/null
cp records/a.h5 records/b.h5
refused 2 "k.key: wrong password" seal records/a.h5 --key k.key --password-file bad
refused 2 "k.pub: others may read it" seal records/a.h5 --key k.pub --password-file pw
chmod 640 k.key
refused 2 "others may read it (mode 640)" seal records/a.h5 --key k.key --password-file pw
chmod 600 k.key
refused 2 "is the password of a --key" seal records/a.h5 --password-file pw
check "still unsigned" test -e records/a.h5.seal -a ! -e records/a.h5.minisig
contains "a seal without a key says what it is" "$("$attest" seal records/b.h5)" \
    "UNSIGNED: detects accidents, not forgery"
out=$(echo "$password" | "$attest" seal records/a.h5 records/b.h5 --key k.key 2>&1)
equal "seal --key exits 0" $? 0
contains "seal names the chain's head" "$out" "head $(tail -n 1 <<<"$out" | cut -c 6-69): note it"
equal "only records and signatures" "$(echo records/*)" \
    "records/a.h5 records/a.h5.minisig records/b.h5 records/b.h5.minisig"
refused 2 "signed by key" seal records/a.h5
refused 2 "signed, not to be overwritten" run crossover --filter crossover/model --quiet --out records/a.h5
check "the refused run leaves no journal" test ! -e records/a.h5.partial
check "verify --key" "$attest" verify records/a.h5 records/b.h5 --key k.pub
head=$(tail -n 1 <<<"$out" | cut -c 6-69)
check "verify --chain --head" "$attest" verify --chain records --key k.pub --head "$head"
refused 2 "a chain without --key proves nothing" verify --chain records
check "no password in any file" bash -c "! grep -rqF '$password' records k.key k.pub"

# --- the stock tool ----------------------------------------------------------------------------
if command -v minisign >/dev/null; then
    out=$(minisign -Vm records/b.h5 -p k.pub 2>&1)
    equal "minisign verifies our signature" $? 0
    contains "and shows our trusted comment" "$out" "Trusted comment: attest-seal-2 name=b.h5 number=2 "
    printf x >>records/b.h5
    check "minisign and attest refuse a changed record: minisign" \
        bash -c '! minisign -Vm records/b.h5 -p k.pub >/dev/null 2>&1'
    refused 3 "b.h5" verify records/b.h5 --key k.pub
    truncate -s -1 records/b.h5

    cp records/a.h5 theirs.h5
    check "minisign signs with our secret key" \
        bash -c "echo '$password' | minisign -Sm theirs.h5 -s k.key >/dev/null 2>&1"
    contains "and we verify that" "$("$attest" verify theirs.h5 --key k.pub)" "with the stock tool"
    refused 3 "states no digests: name the public key" verify theirs.h5
    minisign -Sm theirs.h5 -l -s k.key >/dev/null 2>&1 <<<"$password"
    refused 3 "a legacy signature" verify theirs.h5 --key k.pub
    rm theirs.h5.minisig

    minisign -G -W -p w.pub -s w.key >/dev/null 2>&1
    refused 2 "w.key: not encrypted" seal theirs.h5 --key w.key --password-file pw
    minisign -Sm theirs.h5 -W -s w.key >/dev/null 2>&1
    check "a public key and signature of minisign" "$attest" verify theirs.h5 --key w.pub
    refused 3 "which was not named" verify theirs.h5 --key k.pub
else
    skip "the stock tool verifies ours, and we its" "minisign is not installed"
fi
finish
