#compdef PROGRAM
# Completes PROGRAM in zsh.

local -a lines candidates
local line
# Without quotes; nothing of the line is run.
lines=("${(@f)$(${~${(Q)words[1]}} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
# What replaces a value after "=" begins there.
[[ $PREFIX == -*=* ]] && compset -P '*='
case $lines[-1] in
    :0) _files ;;
    :16) _files -/ ;;
    *)
        for line in $lines[1,-2]; do
            # The name, and a description after a colon.
            candidates+=("${${line/:/\\:}/$'\t'/:}")
        done
        _describe PROGRAM candidates
        ;;
esac
