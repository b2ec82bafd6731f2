# Completes PROGRAM in bash, using bash-completion.

_PROGRAM() {
    local cur prev words cword word line directive=
    local args=()
    _init_completion -n =: || return
    for word in "${words[@]:0:cword+1}"; do
        # Remove quotes. Nothing on the command line is run: a word with more
        # than quotes stays as it is.
        [[ $word == *[\$\`\;\&\|\<\>\(\)]* ]] || eval "word=$word" 2>/dev/null
        args+=("$word")
    done
    # After "=", complete only the value.
    [[ $cur == -*=* ]] && cur=${cur#*=}
    while IFS= read -r line; do
        case $line in
            :*) directive=$line ;;
            "$cur"*) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${args[0]}" __complete "${args[@]:1}" 2>/dev/null)
    case $directive in
        :0) _filedir ;;
        :16) _filedir -d ;;
    esac
}

complete -F _PROGRAM PROGRAM
