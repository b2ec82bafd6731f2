package cli

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Answer ends a program that was not run to do its work: help that was asked
// for, or a usage error.
type Answer struct {
	// Code is the program's exit status: 0 for help, which belongs on standard
	// output, 1 for a usage error, which belongs on standard error.
	Code int
	// text is the answer with its styles, for a terminal of some columns.
	text func(columns int) string
	// late says that Cargo gives the answer only after it has read its
	// options, in the colours of its messages.
	late bool
}

// Error returns the whole answer without colours.
func (a *Answer) Error() string { return plain(a.text(defaultColumns)) }

// usageError puts a usage error together from its message, the tips below it,
// and the usage, which some messages go without.
func usageError(message string, tips []string, usage string) *Answer {
	var b strings.Builder
	b.WriteString(failure.paint("error:") + " " + message + "\n")
	for i, tip := range tips {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString("  " + valid.paint("tip:") + " " + tip + "\n")
	}
	if usage != "" {
		b.WriteString("\n" + usage + "\n")
	}
	b.WriteString("\nFor more information, try '" + literal.paint("--help") + "'.\n")
	return &Answer{Code: 1, text: func(int) string { return b.String() }}
}

// UsageError is a usage error of a program whose options are not Cargo's; usage
// is its line of usage.
func UsageError(err error, usage string) *Answer {
	return usageError(err.Error(), nil, heading.paint("Usage:")+" "+literal.paint(usage))
}

// usage returns the usage line, with the given options if there are any.
func (c Command) usage(given []*option) string {
	if c.usageLine != "" {
		return c.usageLine
	}
	line := heading.paint("Usage:") + " " + literal.paint("cargo "+c.Name)
	if len(given) == 0 {
		line += " " + placeholder.paint("[OPTIONS]")
	}
	for _, o := range given {
		line += " " + o.styled()
	}
	if c.provider {
		line += " " + literal.paint("[--") + " " + placeholder.paint("[args]...") + literal.paint("]")
	}
	return line
}

// styled returns the option as usage shows it.
func (o *option) styled() string {
	name, rest := o.parts()
	s := literal.paint(name)
	if name, found := strings.CutPrefix(rest, " "); found {
		s += placeholder.paint(" ")
		rest = name
	}
	if rest != "" {
		s += placeholder.paint(rest)
	}
	return s
}

// visible returns the accepted options without the hidden one.
func (p *parser) visible() []*option {
	var visible []*option
	for _, o := range p.accepted {
		if o.instead == "" {
			visible = append(visible, o)
		}
	}
	return visible
}

// unknownLong is the error for a long option that does not exist.
func (p *parser) unknownLong(name string) error {
	_ = p.acceptPending()
	name = strings.ToValidUTF8(name, "\uFFFD")
	var tips []string
	if o := p.command.similarOption(name); o != nil {
		p.accept(o)
		tips = append(tips, "a similar argument exists: '"+valid.paint(o.name())+"'")
	}
	return p.unknown("--"+name, tips, p.visible())
}

// unknownShort is the error for a short option that does not exist, the first
// character of a cluster's rest.
func (p *parser) unknownShort(rest string) error {
	_ = p.acceptPending()
	name := strings.ToValidUTF8(rest, "\uFFFD")
	if r, size := utf8.DecodeRuneInString(rest); r != utf8.RuneError || size > 1 {
		name = rest[:size]
	}
	return p.unknown("-"+name, nil, nil)
}

// unknown is the error for an unknown option. It may be meant as an argument
// for the provider.
func (p *parser) unknown(name string, tips []string, given []*option) error {
	if p.command.provider {
		tips = append(tips, "to pass '"+invalid.paint(name)+"' as a value, use '"+valid.paint("-- "+name)+"'")
	}
	return usageError(unexpected(name), tips, p.command.usage(given))
}

// unknownPositional is the error for an argument too many.
func (p *parser) unknownPositional(arg string) error {
	return usageError(unexpected(strings.ToValidUTF8(arg, "\uFFFD")), nil, p.command.usage(nil))
}

func unexpected(name string) string {
	return "unexpected argument '" + invalid.paint(name) + "' found"
}

// replaced is the error for an option which exists under another name.
func (p *parser) replaced(o *option) error {
	tip := "a similar argument exists: '" + valid.paint(o.instead) + "'"
	return usageError(unexpected(o.name()), []string{tip}, p.command.usage(nil))
}

// repeated is the error for an option that was given before.
func (p *parser) repeated(o *option) error {
	message := "the argument '" + invalid.paint(o.String()) + "' cannot be used multiple times"
	return usageError(message, nil, p.command.usage(nil))
}

// unneededValue is the error for a long flag with a value.
func (p *parser) unneededValue(o *option, value string) error {
	given := p.visible()
	if !slices.Contains(given, o) {
		given = append(given, o)
	}
	message := "unexpected value '" + invalid.paint(strings.ToValidUTF8(value, "\uFFFD")) +
		"' for '" + literal.paint(o.String()) + "' found; no more were expected"
	return usageError(message, nil, p.command.usage(given))
}

// missingValue is the error for an option without its value.
func missingValue(o *option) error {
	message := "a value is required for '" + invalid.paint(o.String()) + "' but none was supplied"
	return usageError(message+o.possibleValues(), nil, "")
}

// invalidValue is the error for a value that is not among the possible ones.
func invalidValue(o *option, value string) error {
	if value == "" {
		return missingValue(o)
	}
	message := "invalid value '" + invalid.paint(value) + "' for '" + literal.paint(o.String()) + "'"
	var tips []string
	if similar := mostSimilar(value, o.possible); similar != "" {
		tips = append(tips, "a similar value exists: '"+valid.paint(similar)+"'")
	}
	return usageError(message+o.possibleValues(), tips, "")
}

func (o *option) possibleValues() string {
	if len(o.possible) == 0 {
		return ""
	}
	styled := make([]string, len(o.possible))
	for i, value := range o.possible {
		styled[i] = valid.paint(value)
	}
	return "\n  [possible values: " + strings.Join(styled, ", ") + "]"
}

// notUTF8 is the error for a value that is not UTF-8.
func (p *parser) notUTF8() error {
	return usageError("invalid UTF-8 was detected in one or more arguments", nil, p.command.usage(nil))
}
