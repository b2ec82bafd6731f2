// Package cli is what the programs share on the command line and on the
// terminal: Cargo's options for login and logout, its usage errors and help,
// and the [Shell] that shows everything else.
//
// It holds no behaviour of a login or a logout. A program's main is
//
//	os.Exit(cli.Main(cli.Logout, func(ctx context.Context, s *cli.Session) error { … }))
package cli

// Command is one of Cargo's commands, as far as its command line goes. One
// without a name is what stands before a command; see [Front].
type Command struct {
	// Name is the word after "cargo".
	Name  string
	about string
	// provider says that the command takes a token and, after "--", arguments
	// for the credential provider.
	provider bool
	sections []section
	// usageLine is the usage of a command line whose usage errors do not name
	// the options given.
	usageLine string
}

// The commands of this project.
var (
	Login  = Command{Name: "login", about: "Log in to a registry.", provider: true, sections: commandSections}
	Logout = Command{Name: "logout", about: "Remove an API token from the registry locally", sections: commandSections}
)

// Options is what a command line says. A nil field was not given.
type Options struct {
	Registry *string
	// Verbose counts -v; Cargo tells 0, 1 and more apart.
	Verbose int
	Quiet   bool
	// Color is the word as given: Cargo checks its case only after the
	// configuration was read, in [Shell.SetColor].
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
	Args []string
	// Channel says which options are allowed.
	Channel Channel
}

// parse reads a command line, without the program's name, as Cargo reads what
// follows "cargo login". In front of that may stand what stands before Cargo's
// subcommand: +toolchain and -C. Not so if the first argument is the command's
// own name, which Cargo puts there when it runs a program as its subcommand.
//
// A request for help and a usage error are an [*Answer]; any other error is
// shown as every failure is. [Shell.Report] knows both.
func (c Command) parse(args, environ []string) (Options, error) {
	toolchain, dir, args, err := c.cutFront(args)
	if err != nil {
		return Options{}, err
	}
	p := newParser(c)
	if err := p.parse(args); err != nil {
		return Options{}, err
	}
	if dir != nil && *dir == "" {
		return Options{}, missingValue(directoryOption)
	}
	p.options.Dir = dir
	return p.options.on(channel(toolchain, environ))
}

// cutFront takes what stands before Cargo's subcommand, or the command's own
// name, from the front of the arguments.
func (c Command) cutFront(args []string) (toolchain string, dir *string, rest []string, err error) {
	if len(args) > 0 && args[0] == c.Name {
		return "", nil, args[1:], nil
	}
	toolchain, args = cutToolchain(args)
	dir, rest, err = cutDirectory(args)
	return toolchain, dir, rest, err
}
