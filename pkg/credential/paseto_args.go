package credential

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const subjectOption = "--key-subject"

// The texts of Cargo's command line library, which Cargo uses for these
// arguments too.
const (
	pasetoHelp = `Usage: cargo:paseto [OPTIONS]

Options:
      --key-subject <SUBJECT>  Set the key subject for this registry
  -h, --help                   Print help`
	pasetoUsage = "\n\nUsage: cargo:paseto [OPTIONS]"
	pasetoHint  = "\n\nFor more information, try '--help'."
)

var (
	errPasetoHelp     = errors.New(pasetoHelp)
	errSubjectMissing = errors.New("error: a value is required for '--key-subject <SUBJECT>' but none was supplied" + pasetoHint)
	errSubjectTwice   = errors.New("error: the argument '--key-subject <SUBJECT>' cannot be used multiple times" + pasetoUsage + pasetoHint)
)

// parsePasetoArgs returns the key subject that the arguments of cargo:paseto
// give; nil if they give none. The first thing that is wrong is the error, and
// so is a wish for help.
func parsePasetoArgs(args []string) (subject *string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, inline := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			if i+1 < len(args) {
				return nil, unexpectedPositional(args[i+1])
			}
		case name == "--help" && inline:
			return nil, unneededHelpValue(value)
		case name == "--help" || strings.HasPrefix(name, "-h"):
			return nil, errPasetoHelp
		case name == subjectOption:
			if !inline {
				i++
				if value, err = subjectValue(args[i:]); err != nil {
					return nil, err
				}
			}
			if subject != nil {
				return nil, errSubjectTwice
			}
			subject = &value
		default:
			return nil, unexpectedArgument(args[i])
		}
	}
	return subject, nil
}

// subjectValue takes the value of --key-subject from the arguments behind it.
func subjectValue(args []string) (string, error) {
	if len(args) == 0 {
		return "", errSubjectMissing
	}
	name, value, inline := strings.Cut(args[0], "=")
	switch {
	case args[0] == "--" && len(args) > 1:
		return "", unexpectedPositional(args[1])
	case name == "--help" && inline:
		return "", unneededHelpValue(value)
	case args[0] == "--" || name == "--help" || strings.HasPrefix(name, "-h") || name == subjectOption:
		return "", errSubjectMissing
	case len(args[0]) > 1 && args[0][0] == '-':
		return "", unexpectedArgument(args[0])
	}
	return args[0], nil
}

func unneededHelpValue(value string) error {
	return fmt.Errorf("error: unexpected value '%s' for '--help' found; no more were expected\n\nUsage: cargo:paseto --help"+pasetoHint, value)
}

func unexpectedPositional(arg string) error {
	return fmt.Errorf("error: unexpected argument '%s' found"+pasetoUsage+pasetoHint, arg)
}

// unexpectedArgument names a long option without its value, and the first of
// several short ones.
func unexpectedArgument(arg string) error {
	switch {
	case strings.HasPrefix(arg, "--"):
		arg, _, _ = strings.Cut(arg, "=")
	case len(arg) > 1 && arg[0] == '-':
		_, size := utf8.DecodeRuneInString(arg[1:])
		arg = arg[:1+size]
	}
	return unexpectedPositional(arg)
}
