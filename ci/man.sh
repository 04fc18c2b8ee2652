#!/bin/bash
# Prints the manual page: the option table set into the hand-written frame.
#
#   ci/man.sh TABLE FRAME VERSION
#
# TABLE is what `attest --help-table` prints, fields separated by tabs:
#   command NAME SUMMARY OPERANDS             OPERANDS as in a synopsis; may be absent
#   option  COMMAND LONG ARGUMENT SUMMARY     COMMAND "-" or empty: every command takes it
# Every command takes --help, whether the table says so or not.
set -eu
table=${1:?usage: ci/man.sh TABLE FRAME VERSION} frame=${2:?} version=${3:?}
date=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$frame")}" '+%B %-d, %Y')

awk -F '\t' -v date="$date" -v version="$version" '
# Text for mdoc: no escapes, and no line that starts as a request.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.\x27]/, "\\\\\\&&", text)
    return text
}
function sentence(text) {
    text = toupper(substr(text, 1, 1)) substr(text, 2)
    return plain(text ~ /\.$/ ? text : text ".")
}
function mark(name, argument,   line) {
    sub(/^--/, "", name)
    line = "Fl -" name
    # In mdoc a bare "|" is a delimiter; between choices it must stay text.
    if (argument != "") { gsub(/\|/, "\\*(Ba", argument); line = line " Ar " argument }
    return line
}
function list(owner,   i, out) {
    for (i = 1; i <= options; i++) if (of[i] == owner)
        out = out ".It " mark(name_of[i], argument_of[i]) "\n" sentence(summary_of[i]) "\n"
    return out == "" ? "" : ".Bl -tag -width Ds\n" out ".El\n"
}
function commands_text(   i, out) {
    for (i = 1; i <= commands; i++)
        out = out ".Ss " command[i] "\n" sentence(about[i]) "\n" list(command[i])
    return out (list("-") == "" ? "" : ".Ss Options of every command\n" list("-"))
}
# "RECORD..." is one or more, "[a|b]" a choice that may be left out.
function operands_text(text) {
    if (text == "") return ""
    gsub(/\|/, "\\*(Ba", text)
    sub(/\.\.\.$/, " ...", text)
    if (text ~ /^\[.*\]$/) return ".Op Ar " substr(text, 2, length(text) - 2) "\n"
    return ".Ar " text "\n"
}
function synopsis_text(   i, out) {
    for (i = 1; i <= commands; i++)
        out = out ".Nm\n.Cm " command[i] "\n.Op Ar options\n" operands_text(operands[i])
    return out ".Nm\n.Fl -help | Fl -version\n"
}
FNR == NR {
    if ($1 == "command" && (NF == 3 || NF == 4)) {
        command[++commands] = $2; about[commands] = $3; operands[commands] = $4
    }
    else if ($1 == "option" && NF == 5) {
        of[++options] = ($2 == "" ? "-" : $2)
        name_of[options] = $3; argument_of[options] = $4; summary_of[options] = $5
    } else if ($0 != "") {
        print FILENAME ":" FNR ": not a line of the option table: " $0 >"/dev/stderr"
        bad = 1
        exit
    }
    next
}
$0 == "@COMMANDS@" { printf "%s", commands_text(); next }
$0 == "@SYNOPSIS@" { printf "%s", synopsis_text(); next }
{ sub(/@DATE@/, date); sub(/^\.Os$/, ".Os attest " version); print }
END {
    if (!bad && !commands) { print "the option table names no command" >"/dev/stderr"; bad = 1 }
    if (bad) exit 2
}' "$table" "$frame"
