# Completes PROGRAM in fish.

function __PROGRAM_complete
    # fish removes the quotes; nothing on the command line is run.
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l lines ($words[1] __complete $words[2..] "$word" 2>/dev/null)
    # After "=", complete the value and keep the option in front of it.
    set -l option (string match -r -- '^-[^=]*=' "$word")
    set -l value (string replace -- "$option" '' "$word")
    switch "$lines[-1]"
        case :0
            printf '%s\n' "$option"(__fish_complete_path "$value")
        case :16
            printf '%s\n' "$option"(__fish_complete_directories "$value")
        case '*'
            test (count $lines) -gt 1
            and printf '%s\n' "$option"$lines[1..-2]
    end
end

complete -c PROGRAM -f -a '(__PROGRAM_complete)'
