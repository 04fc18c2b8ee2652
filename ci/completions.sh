#!/bin/bash
# Prints the completions of one shell, made from the option table.
#
#   ci/completions.sh attest.bash|_attest|attest.fish TABLE EXPERIMENTS
#
# TABLE is what `attest --help-table` prints (see ci/man.sh); EXPERIMENTS is suites/experiments.h.
# An option's argument is completed by its spelling: "a|b|c" offers a, b and c; FILE, PATH, RECORD
# and DIR offer files; anything else nothing.
set -eu
target=${1:?usage: ci/completions.sh attest.bash|_attest|attest.fish TABLE EXPERIMENTS}
table=${2:?} list=${3:?}
experiments=$(sed -n 's/^EXPERIMENT(\(.*\))$/\1/p' "$list" | tr '\n' ' ')
experiments=${experiments% }

# What a command takes beside options, as the table spells it: EXPERIMENT, RECORD, a|b|c or [a|b|c].
operands() { # COMMAND
    local spelt
    spelt=$(awk -F '\t' -v name="$1" '$1 == "command" && $2 == name { print $4 }' "$table")
    case $spelt in
    EXPERIMENT*) echo "$experiments" ;;
    RECORD* | FILE* | PATH*) echo FILES ;;
    *'|'*) tr -d '[]' <<<"${spelt//|/ }" ;;
    esac
}

commands=$(awk -F '\t' '$1 == "command" { print $2 }' "$table")
# Options of one command, and those of every command, as LONG<TAB>ARGUMENT<TAB>SUMMARY.
options() { # COMMAND
    awk -F '\t' -v OFS='\t' -v command="$1" '
        $1 == "option" && ($2 == command || $2 == "-" || $2 == "") {
            sub(/^--/, "", $3); print $3, ($4 == "" ? "-" : $4), $5
            said[$3] = 1
        }
        END { if (!("help" in said)) print "help", "-", "print help" }' "$table"
}
summary() { awk -F '\t' -v name="$1" '$1 == "command" && $2 == name { print $3 }' "$table"; }
is_file() { [[ $1 =~ ^(FILE|PATH|RECORD|DIR)$ ]]; }
# Inside single quotes, for bash, zsh and fish alike.
quoted() { printf '%s' "${1//\'/\'\\\'\'}"; }

bash_completion() {
    local command name argument words
    echo '# bash completion for attest; generated'
    echo '_attest() {'
    echo "    local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}"
    echo "    local command=\${COMP_WORDS[1]} words="
    echo '    COMPREPLY=()'
    echo "    if [ \"\$COMP_CWORD\" -eq 1 ]; then"
    echo "        words='$(tr '\n' ' ' <<<"$commands")--help --version'"
    echo "        mapfile -t COMPREPLY < <(compgen -W \"\$words\" -- \"\$word\")"
    echo '        return'
    echo '    fi'
    echo "    case \$command:\$before in"
    for command in $commands; do
        while IFS=$'\t' read -r name argument _; do
            if is_file "$argument"; then
                echo "    '$command:--$name')"
                echo "        mapfile -t COMPREPLY < <(compgen -f -- \"\$word\")"
                echo '        return ;;'
            elif [[ $argument == *'|'* ]]; then
                echo "    '$command:--$name')"
                echo "        mapfile -t COMPREPLY < <(compgen -W '${argument//|/ }' -- \"\$word\")"
                echo '        return ;;'
            elif [ "$argument" != - ]; then
                echo "    '$command:--$name') return ;;"
            fi
        done < <(options "$command")
    done
    echo '    esac'
    echo "    case \$command in"
    for command in $commands; do
        words=$(options "$command" | cut -f 1 | sed 's/^/--/' | tr '\n' ' ')
        if [ "$(operands "$command")" = FILES ]; then
            echo "    $command)"
            echo "        words='$words'"
            echo "        [[ \$word == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"\$word\")"
            echo '        ;;'
        else
            echo "    $command) words='$words$(operands "$command")' ;;"
        fi
    done
    echo '    esac'
    echo "    [ \${#COMPREPLY[@]} -gt 0 ] ||"
    echo "        mapfile -t COMPREPLY < <(compgen -W \"\$words\" -- \"\$word\")"
    echo '}'
    echo 'complete -o filenames -F _attest attest'
}

zsh_completion() {
    local command name argument text action
    echo '#compdef attest'
    echo '# zsh completion for attest; generated'
    echo '_attest() {'
    echo '    local -a commands'
    echo '    commands=('
    for command in $commands; do
        echo "        '$(quoted "$command:$(summary "$command")")'"
    done
    echo '    )'
    echo '    if (( CURRENT == 2 )); then'
    echo "        _describe command commands"
    echo '        return'
    echo '    fi'
    echo "    local command=\$words[2]"
    echo '    shift words'
    echo '    (( CURRENT-- ))'
    echo "    case \$command in"
    for command in $commands; do
        echo "    $command)"
        echo "        _arguments \\"
        while IFS=$'\t' read -r name argument text; do
            # Brackets and colons separate fields of a specification.
            text=${text//\\/\\\\} text=${text//[/\\[} text=${text//]/\\]} text=${text//:/\\:}
            action=''
            if is_file "$argument"; then
                action=":$argument:_files"
            elif [[ $argument == *'|'* ]]; then
                action=":value:(${argument//|/ })"
            elif [ "$argument" != - ]; then
                action=":${argument//:/\\:}: "
            fi
            echo "            '$(quoted "--${name}[$text]$action")' \\"
        done < <(options "$command")
        case $(operands "$command") in
        FILES) echo "            '*:record:_files'" ;;
        '') echo "            '*: :'" ;;
        *) echo "            '*:name:($(operands "$command"))'" ;;
        esac
        echo '        ;;'
    done
    echo '    esac'
    echo '}'
    echo '_attest "$@"'
}

fish_completion() {
    local command name argument text line seen words
    words=$(tr '\n' ' ' <<<"$commands")
    echo '# fish completion for attest; generated'
    echo 'complete -c attest -f'
    for command in $commands; do
        echo "complete -c attest -n 'not __fish_seen_subcommand_from ${words% }'" \
            "-a $command -d '$(quoted "$(summary "$command")")'"
    done
    for command in $commands; do
        seen="-n '__fish_seen_subcommand_from $command'"
        case $(operands "$command") in
        FILES) echo "complete -c attest $seen -F" ;;
        '') ;;
        *) echo "complete -c attest $seen -a '$(operands "$command")'" ;;
        esac
        while IFS=$'\t' read -r name argument text; do
            line="complete -c attest $seen -l $name"
            if is_file "$argument"; then
                line+=' -r -F'
            elif [[ $argument == *'|'* ]]; then
                line+=" -x -a '${argument//|/ }'"
            elif [ "$argument" != - ]; then
                line+=' -x'
            fi
            echo "$line -d '$(quoted "$text")'"
        done < <(options "$command")
    done
}

case $target in
attest.bash) bash_completion ;;
_attest) zsh_completion ;;
attest.fish) fish_completion ;;
*)
    echo "ci/completions.sh: no such completion: $target" >&2
    exit 2
    ;;
esac
