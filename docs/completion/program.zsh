#compdef PROGRAM
# Completes PROGRAM in zsh.

local -a lines candidates
local line
# (Q) removes quotes; nothing on the command line is run.
lines=("${(@f)$(${~${(Q)words[1]}} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
# After "=", complete only the value.
[[ $PREFIX == -*=* ]] && compset -P '*='
case $lines[-1] in
    :0) _files ;;
    :16) _files -/ ;;
    *)
        for line in $lines[1,-2]; do
            # A name, with its description after a colon.
            candidates+=("${${line/:/\\:}/$'\t'/:}")
        done
        _describe PROGRAM candidates
        ;;
esac
