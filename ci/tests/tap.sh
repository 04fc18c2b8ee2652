# TAP for shell tests: source this, call check, equal, contains or skip, end with `finish`.
# shellcheck shell=bash
#
# A test writes below TMPDIR alone, which ci/test.sh makes for it; without one "$TMPDIR/bin" would be
# the system's.
if [ ! -d "${TMPDIR-}" ] || [ "$TMPDIR" = / ]; then
    echo "Bail out! TMPDIR names no folder: run tests by ci/test.sh FILE" >&2
    exit 2
fi

tap_count=0 tap_failed=0

tap_result() { # STATUS NAME
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
}

check() { # NAME COMMAND...
    local name=$1
    shift
    "$@"
    tap_result $? "$name"
}

equal() { # NAME ACTUAL EXPECTED
    [ "$2" = "$3" ]
    local status=$?
    tap_result $status "$1"
    [ $status -eq 0 ] || printf '# got      %q\n# expected %q\n' "$2" "$3"
}

contains() { # NAME TEXT PART
    [[ $2 == *"$3"* ]]
    local status=$?
    tap_result $status "$1"
    [ $status -eq 0 ] || printf '# no %q in:\n#   %s\n' "$3" "${2//$'\n'/$'\n#   '}"
}

skip() { # NAME REASON
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

finish() {
    echo "1..$tap_count"
    [ $tap_failed -eq 0 ]
    exit
}
