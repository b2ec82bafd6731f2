// Package cli is what the programs share: Cargo's command line for login and
// logout (command.go, complete.go), what happens before and around a command
// (session.go), the [Shell] that shows everything (shell.go), and the command
// line of cargo itself (front.go).
//
// A program's main is
//
//	os.Exit(cli.Main(cli.Logout))
package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
)

// Command is one of Cargo's commands.
type Command struct {
	// Name is the word after "cargo", About the first line of the help.
	Name, About string
	// TakesToken lets the command line have a token and, after "--", arguments for
	// the credential provider.
	TakesToken bool
	// Run does the work, after the options and the configuration have been read.
	Run func(context.Context, *Session) error
}

// Options is what a command line says. A nil field was not given.
type Options struct {
	Registry       *string
	Verbose, Quiet bool
	// Color is the word as the user wrote it. As in Cargo, [Shell.SetColor] checks
	// its case after the configuration has been read.
	Color *string
	// Config and Unstable hold the values of --config and -Z in order.
	Config   []string
	Unstable []string
	// Dir is the directory of -C, to change to before anything is read.
	Dir             *string
	Offline, Frozen bool
	// Token is login's hidden positional argument.
	Token *string
	// Args are the arguments after "--", for the credential provider.
	Args    []string
	Channel Channel
}

// option is one of Cargo's options. pflag sets it through Set.
type option struct {
	long, short string
	// value is the name of the option's value; empty for a flag.
	value string
	// values are the possible ones; nil allows any.
	values []string
	// help is the text in help and completion. Help adds the details.
	help, details string
	// repeats allows the option several times.
	repeats bool
	// isPath allows a value that is not UTF-8, and refuses an empty one.
	isPath bool
	set    func(value string) error

	given bool
	// completing allows any option several times, while a command line is typed.
	completing bool
}

// options are those of the command, in the order of the help, except for the section
// "Manifest Options".
func (c *Command) options(o *Options) []*option {
	registry := &option{long: "registry", value: "REGISTRY", help: "Registry to use", set: to(&o.Registry)}
	return append([]*option{registry}, o.general()...)
}

// general and manifest are the options that Cargo takes before and after the name of
// a command, by their section in the help. Values after the name win.
func (o *Options) general() []*option {
	return []*option{
		{
			long: "verbose", short: "v", repeats: true, help: "Use verbose output (-vv very verbose/build.rs output)",
			set: yes(&o.Verbose),
		},
		{long: "quiet", short: "q", help: "Do not print cargo log messages", set: yes(&o.Quiet)},
		{long: "color", value: "WHEN", values: colors, help: "Coloring", details: possible(colors), set: to(&o.Color)},
		{long: "config", value: "KEY=VALUE|PATH", repeats: true, help: "Override a configuration value", set: list(&o.Config)},
		{
			short: "Z", value: "FLAG", repeats: true, help: "Unstable (nightly-only) flags to Cargo",
			details: ", see 'cargo -Z help' for\ndetails", set: list(&o.Unstable),
		},
		{long: "help", short: "h", help: "Print help", set: func(string) error { return pflag.ErrHelp }},
	}
}

func (o *Options) manifest() []*option {
	return []*option{
		{long: "locked", help: "Assert that `Cargo.lock` will remain unchanged", set: func(string) error { return nil }},
		{long: "offline", help: "Run without accessing the network", set: yes(&o.Offline)},
		{long: "frozen", help: "Equivalent to specifying both --locked and --offline", set: yes(&o.Frozen)},
	}
}

// directory is the option -C.
func (o *Options) directory() *option {
	return &option{short: "C", value: "DIRECTORY", isPath: true, help: "Change to DIRECTORY first", set: to(&o.Dir)}
}

func to(field **string) func(string) error {
	return func(value string) error { *field = &value; return nil }
}

func yes(field *bool) func(string) error {
	return func(string) error { *field = true; return nil }
}

func list(field *[]string) func(string) error {
	var values []string
	return func(value string) error {
		values = append(values, value)
		*field = values
		return nil
	}
}

var colors = []string{"auto", "always", "never"}

func possible(values []string) string {
	return " [possible values: " + strings.Join(values, ", ") + "]"
}

// present is what pflag sets a flag to. No argument can hold it.
const present = "\x00"

// addOptions adds options to the flags. pflag needs a long name: an option without
// one gets a name that cannot be typed, hidden from completion.
func addOptions(flags *pflag.FlagSet, options ...*option) {
	for _, o := range options {
		long := o.long
		if long == "" {
			long = "=" + o.short
		}
		flag := flags.VarPF(o, long, o.short, o.help)
		flag.Hidden = o.long == ""
		if o.value == "" {
			flag.NoOptDefVal = present
		}
	}
}

func (o *option) String() string { return "false" }

// Type tells cobra which options completion may offer again.
func (o *option) Type() string {
	if o.repeats {
		return "stringArray"
	}
	return "bool"
}

// Set checks a value and sets the option. pflag calls it for each occurrence.
func (o *option) Set(value string) error {
	switch {
	case o.value == "" && value != present:
		return errors.New("unexpected value '" + invalid.paint(shown(value)) + "' for '" + literal.paint(o.usage()) +
			"' found; no more were expected")
	case o.given && !o.repeats && !o.completing:
		return errors.New("the argument '" + invalid.paint(o.usage()) + "' cannot be used multiple times")
	case !o.isPath && !utf8.ValidString(value):
		return errNotUTF8
	case value == "" && (o.isPath || o.values != nil), value == "=" && o.isPath:
		return o.missing() // pflag takes the sign in "-C=" for the value
	case o.values != nil && !slices.ContainsFunc(o.values, func(one string) bool { return strings.EqualFold(one, value) }):
		return errors.New("invalid value '" + invalid.paint(shown(value)) + "' for '" + literal.paint(o.usage()) + "'\n " + possible(o.values))
	}
	o.given = true
	return o.set(value)
}

// name returns the option's name in usage errors.
func (o *option) name() string {
	if o.long == "" {
		return "-" + o.short
	}
	return "--" + o.long
}

// usage returns the option with its value, as usage errors show it.
func (o *option) usage() string {
	switch {
	case o.value != "":
		return o.name() + " <" + o.value + ">"
	case o.repeats:
		return o.name() + "..."
	}
	return o.name()
}

// missing is the error for an option without a value.
func (o *option) missing() error {
	text := "a value is required for '" + invalid.paint(o.usage()) + "' but none was supplied"
	if o.values != nil {
		text += "\n " + possible(o.values)
	}
	return errors.New(text)
}

// readable cuts the arguments where pflag would read them differently from Cargo.
// pflag takes an argument that looks like an option as the value of the one before,
// skips the flags of go test, such as "-test.v", and takes the x of "-q=x" as a value.
//
// As in Cargo, an unknown option counts before an error in the option in front of it,
// and so does an argument of a command that takes none.
func readable(flags *pflag.FlagSet, args []string, takesNone bool) []string {
	for i, arg := range args {
		if arg == "--" {
			return args
		}
		unknown, awaitsValue := inspect(flags, arg)
		if unknown > 0 {
			_, size := utf8.DecodeRuneInString(arg[unknown:])
			return append(slices.Clone(args[:i]), arg[:unknown+size])
		}
		if !awaitsValue || i+1 == len(args) {
			continue
		}
		after, hasValue := args[i+1:], !looksLikeOption(args[i+1])
		if hasValue {
			after = after[1:]
		}
		if len(after) > 0 {
			unknown, _ := inspect(flags, after[0])
			tooMany := takesNone && (!looksLikeOption(after[0]) || after[0] == "--" && len(after) > 1)
			if unknown == 0 || unknown == 1 || tooMany {
				return readable(flags, slices.Concat(args[:i], after), takesNone)
			}
		}
		if !hasValue {
			return args[:i+1]
		}
	}
	return args
}

// inspect returns the position of an unknown option in an argument, or -1, and
// whether the next argument is its value.
func inspect(flags *pflag.FlagSet, arg string) (unknown int, awaitsValue bool) {
	if name, isLong := strings.CutPrefix(arg, "--"); isLong && name != "" {
		name, _, hasValue := strings.Cut(name, "=")
		flag := flags.Lookup(name)
		if flag == nil {
			return 0, false
		}
		return -1, flag.NoOptDefVal == "" && !hasValue
	}
	for i := 1; i < len(arg) && arg[0] == '-' && arg != "--"; i++ {
		flag := flags.ShorthandLookup(arg[i : i+1])
		if flag == nil {
			return i, false
		}
		if flag.NoOptDefVal == "" {
			return -1, i == len(arg)-1
		}
	}
	return -1, false
}

// looksLikeOption reports whether an argument reads as an option. A single hyphen
// does not.
func looksLikeOption(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// cobraCommand returns the command for cobra, to run in a session.
func (c *Command) cobraCommand(s *Session) *cobra.Command {
	command := &cobra.Command{
		Use: c.Name,
		// The shell shows errors.
		SilenceErrors:     true,
		SilenceUsage:      true,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	command.CompletionOptions.DisableDefaultCmd = true
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		// A surplus argument counts first if it comes first.
		if tooMany := new(Options).positional(c, command.Flags().Args(), -1); tooMany != nil {
			err = tooMany
		} else if errors.Is(err, pflag.ErrHelp) || errors.As(err, new(*Answer)) {
			return err
		}
		return UsageError(mistake(err), c.usage())
	})
	command.SetHelpFunc(func(*cobra.Command, []string) { s.Shell.answer(c.help()) })
	command.Args = func(_ *cobra.Command, args []string) error {
		if err := s.Options.positional(c, args, command.ArgsLenAtDash()); err != nil {
			return UsageError(err, c.usage())
		}
		return nil
	}
	command.RunE = func(*cobra.Command, []string) error {
		if err := s.configure(c); err != nil {
			return err
		}
		return c.Run(command.Context(), s)
	}
	command.Flags().SortFlags = false
	addOptions(command.Flags(), c.options(&s.Options)...)
	addOptions(command.Flags(), s.Options.manifest()...)
	s.complete(command)
	return command
}

// positional reads the other arguments; those from index dash on followed "--".
func (o *Options) positional(c *Command, args []string, dash int) error {
	if dash < 0 {
		dash = len(args)
	}
	before, after := args[:dash], args[dash:]
	if c.TakesToken && len(before) > 0 {
		o.Token, before = &before[0], before[1:]
	}
	switch {
	case len(before) > 0:
		return unexpected(before[0])
	case len(after) > 0 && !c.TakesToken:
		return unexpected(after[0])
	case slices.ContainsFunc(args, func(arg string) bool { return !utf8.ValidString(arg) }):
		return errNotUTF8
	}
	o.Args = append(o.Args, after...)
	return nil
}

// Answer ends a program before it does any work: help, a version or a usage error.
type Answer struct {
	// Code is the exit status: 0, or 1 for a usage error.
	Code int
	text string // with its styles
}

// Error returns the whole answer without colours.
func (a *Answer) Error() string { return untrusted.Plain(a.text) }

// UsageError returns a usage error that shows a line of usage.
func UsageError(err error, usage string) *Answer {
	return &Answer{Code: 1, text: failure.paint("error:") + " " + err.Error() + "\n\n" +
		heading.paint("Usage:") + " " + usage + "\n\n" +
		"For more information, try '" + literal.paint("--help") + "'.\n"}
}

var errNotUTF8 = errors.New("invalid UTF-8 was detected in one or more arguments")

func unexpected(name string) error {
	return errors.New("unexpected argument '" + invalid.paint(shown(name)) + "' found")
}

// shown returns an argument in the form that usage errors show.
func shown(text string) string { return untrusted.Visible(strings.ToValidUTF8(text, "\uFFFD")) }

// mistake returns an error of pflag in Cargo's words.
func mistake(err error) error {
	var (
		unknown *pflag.NotExistError
		syntax  *pflag.InvalidSyntaxError
		missing *pflag.ValueRequiredError
		value   *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		if cluster := []rune(unknown.GetSpecifiedShortnames()); len(cluster) > 0 {
			return unexpected("-" + string(cluster[0]))
		}
		return unexpected("--" + unknown.GetSpecifiedName())
	case errors.As(err, &syntax):
		name, _, _ := strings.Cut(syntax.GetSpecifiedFlag(), "=")
		return unexpected(name)
	case errors.As(err, &missing):
		return missing.GetFlag().Value.(*option).missing()
	case errors.As(err, &value):
		return value.Unwrap() // from Set
	}
	return err
}

func (c *Command) usage() string {
	line := literal.paint("cargo "+c.Name) + " " + placeholder.paint("[OPTIONS]")
	if c.TakesToken {
		line += " " + literal.paint("[--") + " " + placeholder.paint("[args]...") + literal.paint("]")
	}
	return line
}

// help returns Cargo's help, in the form for an unknown terminal width.
func (c *Command) help() *Answer {
	text := c.About + "\n\n" + heading.paint("Usage:") + " " + c.usage() + "\n\n"
	if c.TakesToken {
		text += heading.paint("Arguments:") + "\n" +
			"  " + placeholder.paint("[args]...") + "  Additional arguments for the credential provider\n\n"
	}
	o := new(Options)
	return &Answer{text: text +
		heading.paint("Options:") + "\n" + helpLines(c.options(o)) + "\n" +
		heading.paint("Manifest Options:") + "\n" + helpLines(o.manifest()) + "\n" +
		"Run `\x1b[96m\x1b[1mcargo help " + c.Name + "\x1b[39m\x1b[22m` for more detailed information.\n"}
}

// helpLines returns a line for each option, with the texts in one column.
func helpLines(options []*option) (lines string) {
	column := 0
	for _, o := range options {
		column = max(column, len(untrusted.Plain(o.synopsis()))+2)
	}
	for _, o := range options {
		synopsis := o.synopsis()
		text := strings.ReplaceAll(o.help+o.details, "\n", "\n"+strings.Repeat(" ", column))
		lines += synopsis + strings.Repeat(" ", column-len(untrusted.Plain(synopsis))) + text + "\n"
	}
	return lines
}

// synopsis returns the option with its value, as the help shows it.
func (o *option) synopsis() string {
	text := "  " + literal.paint("-"+o.short)
	switch {
	case o.short == "":
		text = "      " + literal.paint("--"+o.long)
	case o.long != "":
		text += ", " + literal.paint("--"+o.long)
	}
	switch {
	case o.value != "":
		text += placeholder.paint(" ") + placeholder.paint("<"+o.value+">")
	case o.repeats:
		text += placeholder.paint("...")
	}
	return text
}
