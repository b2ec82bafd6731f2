// Package cli is what the programs share on the command line and on the
// terminal: Cargo's options for login and logout, its usage errors and help,
// and the [Shell] that shows everything else.
//
// A program's main is
//
//	os.Exit(cli.Main(cli.Logout, version, cli.RunLogout))
package cli

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Command is one of Cargo's commands, as far as its command line goes.
type Command struct {
	// Name is the word after "cargo".
	Name  string
	about string
	// provider says that the command takes a token and, after "--", arguments
	// for the credential provider.
	provider bool
}

var (
	Login  = Command{Name: "login", about: "Log in to a registry.", provider: true}
	Logout = Command{Name: "logout", about: "Remove an API token from the registry locally"}
)

// Options is what a command line says. A nil field was not given.
type Options struct {
	Registry *string
	// Verbose counts -v.
	Verbose int
	Quiet   bool
	// Color is the word as given: Cargo checks its case only after it has read
	// the configuration, in [Shell.SetColor].
	Color *string
	// Config and Unstable hold the values of --config and -Z in order.
	Config   []string
	Unstable []string
	// Dir is the directory of -C, to be changed to before anything is read.
	Dir                     *string
	Locked, Offline, Frozen bool
	// Token is login's hidden positional argument.
	Token *string
	// Args are the arguments after "--", for the credential provider.
	Args    []string
	Channel Channel
}

var colors = []string{"auto", "always", "never"}

const possibleColors = "\n  [possible values: auto, always, never]"

// present is what pflag sets a flag to. No argument can hold it.
const present = "\x00"

// option is one of Cargo's options, as a pflag.Value.
type option struct {
	// name is how usage errors call it, value the name of its value. An option
	// without one is a flag.
	name, value string
	// repeats says that it may be given again, as any option may where a command
	// line is only completed.
	repeats, completing bool
	given               bool
	set                 func(value string) error
}

func (o *option) String() string { return "false" }

// Type tells cobra which options completion may offer again.
func (o *option) Type() string {
	if o.repeats {
		return "stringArray"
	}
	return "bool"
}

// Set is called by pflag each time that the option is given.
func (o *option) Set(value string) error {
	switch {
	case o.value == "" && value != present:
		return errors.New("unexpected value '" + invalid.paint(valid8(value)) + "' for '" + literal.paint(o.usage()) +
			"' found; no more were expected")
	case o.given && !o.repeats && !o.completing:
		return errors.New("the argument '" + invalid.paint(o.usage()) + "' cannot be used multiple times")
	case o.name != "-C" && !utf8.ValidString(value):
		return errNotUTF8
	case o.name == "-C" && (value == "" || value == "="), o.name == "--color" && value == "":
		return o.missing() // pflag takes the sign in "-C=" for the value
	case o.name == "--color" && !slices.ContainsFunc(colors, func(color string) bool { return strings.EqualFold(color, value) }):
		return errors.New("invalid value '" + invalid.paint(valid8(value)) + "' for '" + literal.paint(o.usage()) + "'" + possibleColors)
	}
	o.given = true
	return o.set(value)
}

// usage returns the option as usage errors show it.
func (o *option) usage() string {
	switch {
	case o.value != "":
		return o.name + " <" + o.value + ">"
	case o.repeats:
		return o.name + "..."
	}
	return o.name
}

// missing is the error for an option without a value.
func (o *option) missing() error {
	text := "a value is required for '" + invalid.paint(o.usage()) + "' but none was supplied"
	if o.name == "--color" {
		text += possibleColors
	}
	return errors.New(text)
}

// add adds an option to the flags. One without a long name gets one that pflag
// refuses on a command line, and that completion must not offer.
func add(flags *pflag.FlagSet, long, short, value, help string, set func(string) error) *option {
	o := &option{name: "--" + long, value: value, set: set}
	if long == "" {
		long, o.name = "="+short, "-"+short
	}
	flag := flags.VarPF(o, long, short, help)
	flag.Hidden = o.name[1] != '-'
	if value == "" {
		flag.NoOptDefVal = present
	}
	return o
}

// addShared adds the options that Cargo has before a command and after it. Where
// one is given in both places, the values after the command count.
func (o *Options) addShared(flags *pflag.FlagSet) {
	verbose := 0
	count := func(string) error { verbose++; o.Verbose = verbose; return nil }
	add(flags, "verbose", "v", "", "Use verbose output (-vv very verbose/build.rs output)", count).repeats = true
	add(flags, "quiet", "q", "", "Do not print cargo log messages", yes(&o.Quiet))
	add(flags, "color", "", "WHEN", "Coloring", to(&o.Color))
	add(flags, "config", "", "KEY=VALUE|PATH", "Override a configuration value", list(&o.Config)).repeats = true
	add(flags, "", "Z", "FLAG", "Unstable (nightly-only) flags to Cargo", list(&o.Unstable)).repeats = true
	add(flags, "locked", "", "", "Assert that `Cargo.lock` will remain unchanged", yes(&o.Locked))
	add(flags, "offline", "", "", "Run without accessing the network", yes(&o.Offline))
	add(flags, "frozen", "", "", "Equivalent to specifying both --locked and --offline", yes(&o.Frozen))
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

// readable returns arguments as pflag can read them. It takes an argument that
// looks like an option for the value of the one before, passes over what "go
// test" has, such as "-test.v", and takes the x of "-q=x" for a value, so they end
// there. As with Cargo, an option that does not exist counts before what is wrong
// with the option and the value in front of it, and so does an argument of a
// command that takes none.
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

// inspect returns where in an argument an option stands that does not exist, -1
// if there is none, and whether the value of the argument is the next one.
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

// looksLikeOption reports whether an argument is taken for an option; a single
// hyphen is not.
func looksLikeOption(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// Answer ends a program that does no work: help, a version or a usage error.
type Answer struct {
	// Code is the exit status: 0 for what was asked for, 1 for a usage error.
	Code int
	text string // with its styles
}

// Error returns the whole answer without colours.
func (a *Answer) Error() string { return plain(a.text) }

// UsageError is a usage error; usage is the line of usage.
func UsageError(err error, usage string) *Answer {
	return &Answer{Code: 1, text: failure.paint("error:") + " " + err.Error() + "\n\n" +
		heading.paint("Usage:") + " " + usage + "\n\n" +
		"For more information, try '" + literal.paint("--help") + "'.\n"}
}

var errNotUTF8 = errors.New("invalid UTF-8 was detected in one or more arguments")

func unexpected(name string) error {
	return errors.New("unexpected argument '" + invalid.paint(valid8(name)) + "' found")
}

// valid8 returns an argument as usage errors show it.
func valid8(text string) string { return visible(strings.ToValidUTF8(text, "\uFFFD")) }

// mistake returns what pflag finds wrong in Cargo's words.
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
		return value.Unwrap() // what Set has said
	}
	return err
}

// command returns the cobra command that runs a command in the session.
func (s *Session) command(c Command, run Run) *cobra.Command {
	command := &cobra.Command{
		Use: c.Name,
		// What is wrong is for the shell to show.
		SilenceErrors:     true,
		SilenceUsage:      true,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	command.CompletionOptions.DisableDefaultCmd = true
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		// An argument too many counts first if it stands first.
		if tooMany := new(Options).positional(c, command.Flags().Args(), -1); tooMany != nil {
			err = tooMany
		} else if errors.Is(err, pflag.ErrHelp) || errors.As(err, new(*Answer)) {
			return err
		}
		return UsageError(mistake(err), c.usage())
	})
	command.SetHelpFunc(func(*cobra.Command, []string) { s.Shell.answer(&Answer{text: c.help()}) })
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
		return run(command.Context(), s)
	}

	flags := command.Flags()
	flags.SortFlags = false
	add(flags, "registry", "", "REGISTRY", "Registry to use", to(&s.Options.Registry))
	s.Options.addShared(flags)
	add(flags, "help", "h", "", "Print help", func(string) error { return pflag.ErrHelp })
	_ = command.RegisterFlagCompletionFunc("registry", s.completeRegistry)
	_ = command.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("config", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
	return command
}

// positional reads the other arguments; those from dash on stood after "--".
func (o *Options) positional(c Command, args []string, dash int) error {
	if dash < 0 {
		dash = len(args)
	}
	before, after := args[:dash], args[dash:]
	if c.provider && len(before) > 0 {
		o.Token, before = &before[0], before[1:]
	}
	switch {
	case len(before) > 0:
		return unexpected(before[0])
	case len(after) > 0 && !c.provider:
		return unexpected(after[0])
	case slices.ContainsFunc(args, func(arg string) bool { return !utf8.ValidString(arg) }):
		return errNotUTF8
	}
	o.Args = append(o.Args, after...)
	return nil
}

func (c Command) usage() string {
	line := literal.paint("cargo "+c.Name) + " " + placeholder.paint("[OPTIONS]")
	if c.provider {
		line += " " + literal.paint("[--") + " " + placeholder.paint("[args]...") + literal.paint("]")
	}
	return line
}

// help returns Cargo's help, as it is where no terminal says a width.
func (c Command) help() string {
	name := literal.paint
	value := func(name string) string { return placeholder.paint(" ") + placeholder.paint(name) }
	arguments := ""
	if c.provider {
		arguments = "\n" + heading.paint("Arguments:") + "\n" +
			"  " + placeholder.paint("[args]...") + "  Additional arguments for the credential provider\n"
	}
	return c.about + "\n\n" + heading.paint("Usage:") + " " + c.usage() + "\n" + arguments + `
` + heading.paint("Options:") + `
      ` + name("--registry") + value("<REGISTRY>") + `      Registry to use
  ` + name("-v") + `, ` + name("--verbose") + placeholder.paint("...") + `               Use verbose output (-vv very verbose/build.rs output)
  ` + name("-q") + `, ` + name("--quiet") + `                    Do not print cargo log messages
      ` + name("--color") + value("<WHEN>") + `             Coloring [possible values: auto, always, never]
      ` + name("--config") + value("<KEY=VALUE|PATH>") + `  Override a configuration value
  ` + name("-Z") + value("<FLAG>") + `                      Unstable (nightly-only) flags to Cargo, see 'cargo -Z help' for
                                 details
  ` + name("-h") + `, ` + name("--help") + `                     Print help

` + heading.paint("Manifest Options:") + `
      ` + name("--locked") + `   Assert that ` + "`Cargo.lock`" + ` will remain unchanged
      ` + name("--offline") + `  Run without accessing the network
      ` + name("--frozen") + `   Equivalent to specifying both --locked and --offline

Run ` + "`" + "\x1b[96m\x1b[1mcargo help " + c.Name + "\x1b[39m\x1b[22m`" + ` for more detailed information.
`
}

// isCompletion reports whether a shell asks for completion. Cobra answers.
func isCompletion(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

// completeRegistry has shells offer the values of --registry.
func (s *Session) completeRegistry(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if dir := s.Options.Dir; dir != nil && os.Chdir(*dir) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return CompleteRegistries(s.environ, begun, s.Options.Config...), cobra.ShellCompDirectiveNoFileComp
}

// CompleteRegistries returns what completion offers for --registry, of which a
// part has been typed: crates-io and the registries that are configured, with
// the --config values. After a tab each has the host of its index; the rest of
// the URL may hold a secret.
func CompleteRegistries(environ []string, begun string, overrides ...string) []string {
	c, err := OpenConfig(environ, nil)
	if err != nil || c.Load(overrides...) != nil {
		return nil
	}
	configured, err := c.Registries()
	if err != nil {
		return nil
	}
	candidates := []string{"crates-io\tcrates.io"}
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		if name == "crates-io" || registry.ValidateName(name) != nil {
			continue
		}
		candidate := name
		if r, err := registry.New(name, configured[name].Val); err == nil && r.Host() != "" {
			candidate += "\t" + r.Host()
		}
		candidates = append(candidates, candidate)
	}
	return slices.DeleteFunc(candidates, func(candidate string) bool { return !strings.HasPrefix(candidate, begun) })
}
