package cli

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// parser reads one command line. pflag takes single arguments apart (long and
// short options, clusters, attached values); the parser walks over the
// arguments by clap's rules, which differ in this:
//
//   - An argument that looks like an option is never the value of the one
//     before.
//   - A value in an argument of its own is looked at only when the next option
//     or argument arrives, or at the end. An unknown option behind it is
//     therefore reported first.
//   - Usage errors name the options that were accepted so far.
type parser struct {
	command Command
	options Options
	flags   *pflag.FlagSet

	// asks is the last option that asks for something else than a command.
	asks string

	// argument is the one that pflag works on.
	argument string
	// pending is an option or positional that was seen but not yet accepted.
	pending *pending
	// accepted are the options accepted so far, in the order in which they
	// were first given.
	accepted []*option
}

// pending is what waits to be accepted: an option with its value, if that came
// already, or (option is nil) a positional.
type pending struct {
	option *option
	value  *string
	accept func(string)
}

func newParser(c Command) *parser {
	p := &parser{command: c}
	p.flags = pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
	p.flags.SortFlags = false
	for _, s := range c.sections {
		for _, o := range s.options {
			p.define(o)
		}
	}
	return p
}

// parse reads the arguments into p.options.
func (p *parser) parse(args []string) error {
	if err := p.read(args); err != nil {
		return err
	}
	return p.acceptPending()
}

// read is parse for arguments that others may follow: what the last of them
// began is pending.
func (p *parser) read(args []string) error {
	for i, arg := range args {
		if arg == "--" {
			return p.parseTrailing(args[i+1:])
		}
		var err error
		switch {
		case looksLikeOption(arg):
			err = p.parseOption(arg)
		case p.awaited() != nil:
			p.pending.value = &arg
		default:
			err = p.parsePositional(arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// awaited returns the option whose value is the next argument; nil if there is
// none.
func (p *parser) awaited() *option {
	if p.pending == nil || p.pending.value != nil {
		return nil
	}
	return p.pending.option
}

// looksLikeOption reports whether an argument is taken for an option; a single
// hyphen is not.
func looksLikeOption(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// parseOption has pflag take one argument apart and turns its errors into
// clap's.
func (p *parser) parseOption(arg string) error {
	if strings.HasPrefix(arg, "-test.") {
		// pflag skips what it takes for an option of "go test".
		return p.unknownShort("test.")
	}
	p.argument = arg
	err := p.flags.Parse([]string{arg})

	var (
		answer  *Answer
		missing *pflag.ValueRequiredError
		unknown *pflag.NotExistError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer):
		return answer
	case errors.As(err, &missing):
		return p.await(missing.GetFlag())
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return p.unknownShort(unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown), errors.As(err, &syntax):
		name, _, _ := strings.Cut(arg[len("--"):], "=")
		return p.unknownLong(name)
	default:
		return err
	}
}

// await notes an option whose value is the next argument.
func (p *parser) await(flag *pflag.Flag) error {
	if err := p.acceptPending(); err != nil {
		return err
	}
	v := flag.Value.(*flagValue)
	p.pending = &pending{option: v.option, accept: v.store}
	return nil
}

func (p *parser) parsePositional(arg string) error {
	if !p.command.provider || p.options.Token != nil || p.pending != nil && p.pending.option == nil {
		_ = p.acceptPending()
		return p.unknownPositional(arg)
	}
	if err := p.acceptPending(); err != nil {
		return err
	}
	p.pending = &pending{value: &arg, accept: func(token string) { p.options.Token = &token }}
	return nil
}

// parseTrailing reads what follows "--".
func (p *parser) parseTrailing(args []string) error {
	if len(args) > 0 && !p.command.provider {
		_ = p.acceptPending()
		return p.unknownPositional(args[0])
	}
	if err := p.acceptPending(); err != nil {
		return err
	}
	if !slices.ContainsFunc(args, invalidUTF8) {
		p.options.Args = args
		return nil
	}
	return p.notUTF8()
}

func invalidUTF8(s string) bool { return !utf8.ValidString(s) }

// acceptPending accepts what waits.
func (p *parser) acceptPending() error {
	waiting := p.pending
	p.pending = nil
	switch {
	case waiting == nil:
		return nil
	case waiting.value == nil:
		return missingValue(waiting.option)
	case waiting.option != nil:
		return p.acceptOption(waiting.option, *waiting.value, waiting.accept)
	case invalidUTF8(*waiting.value):
		return p.notUTF8()
	default:
		waiting.accept(*waiting.value)
		return nil
	}
}

// acceptOption checks an option with its value, if it takes one, and stores it.
func (p *parser) acceptOption(o *option, value string, store func(string)) error {
	if given := slices.Index(p.accepted, o); given >= 0 && !o.repeats {
		p.accepted = slices.Delete(p.accepted, given, given+1)
		return p.repeated(o)
	}
	p.accept(o)
	switch {
	case o.instead != "":
		return p.replaced(o)
	case o.path && value == "":
		return missingValue(o)
	case !o.path && invalidUTF8(value):
		return p.notUTF8()
	case o.possible != nil && !slices.ContainsFunc(o.possible, func(possible string) bool {
		return strings.EqualFold(possible, value)
	}):
		return invalidValue(o, value)
	}
	store(value)
	return nil
}

// accept notes that an option was given.
func (p *parser) accept(o *option) {
	if !slices.Contains(p.accepted, o) {
		p.accepted = append(p.accepted, o)
	}
}
