package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// ErrNoCargo means that no other cargo was found to run.
var ErrNoCargo = errors.New("there is no other `cargo` on PATH")

// Front runs this process as cargo itself and returns the exit status: it runs one
// of the commands, or else handOn, which returns only if it fails.
func Front(commands []*Command, handOn func() error) int {
	f := readFront(commands, os.Args[1:], os.Environ())
	if command := f.named(f.name); command != nil {
		s := newSession()
		s.Options = f.options
		return s.main(command.asSubcommand(s, f.args).ExecuteContext)
	}
	err := handOn()
	if errors.Is(err, ErrNoCargo) {
		err = f.alone()
	}
	return newSession().main(func(context.Context) error { return err })
}

// front is a command line of cargo, read up to the name of the command.
type front struct {
	commands []*Command
	// name is the command's; empty if the user gave none or asked for help, a
	// version or the like.
	name string
	// err is what is wrong before the name.
	err error
	// asks is the last option that asks for something other than a command.
	asks    string
	options Options
	args    []string // after the name
}

func readFront(commands []*Command, args, environ []string) *front {
	f := &front{commands: commands}
	toolchain, args := cutToolchain(args)
	f.options.Channel = channel(toolchain, environ)

	flags := pflag.NewFlagSet("cargo", pflag.ContinueOnError)
	flags.SetInterspersed(false)
	asks := func(option string) func(string) error {
		return func(string) error { f.asks = option; return nil }
	}
	addOptions(flags,
		&option{long: "version", short: "V", set: asks("--version")},
		&option{long: "list", set: asks("--list")},
		&option{long: "explain", value: "CODE", set: asks("--explain")},
		f.options.directory(),
	)
	addOptions(flags, f.options.general()...)
	addOptions(flags, f.options.manifest()...)

	name := findName(flags, args)
	err := flags.Parse(readable(flags, args[:name], false))
	switch {
	case errors.Is(err, pflag.ErrHelp):
		f.asks = "--help"
	case err != nil:
		f.err = UsageError(mistake(err), literal.paint("cargo")+" "+placeholder.paint("[OPTIONS] [COMMAND]"))
	case f.asks == "" && name < len(args):
		f.name = args[name]
	}
	if name < len(args) {
		f.args = args[name+1:]
	}
	return f
}

// findName returns the index of the command's name: of the first argument that is
// neither an option nor the value of one.
func findName(flags *pflag.FlagSet, args []string) int {
	isValue := false
	for i, arg := range args {
		if arg == "--" || !looksLikeOption(arg) && !isValue {
			return i
		}
		_, isValue = inspect(flags, arg)
	}
	return len(args)
}

// named returns the command with that name; nil if only Cargo has it.
func (f *front) named(name string) *Command {
	if i := slices.IndexFunc(f.commands, func(c *Command) bool { return c.Name == name }); i >= 0 {
		return f.commands[i]
	}
	return nil
}

// alone answers a command line for Cargo on a system without it: with help, a usage
// error, or what is missing.
func (f *front) alone() error {
	asked := ""
	if f.name == "help" && len(f.args) > 0 {
		asked = f.args[0]
	}
	switch command := f.named(asked); {
	case f.err != nil:
		return f.err
	case f.asks == "--list":
		return &Answer{text: heading.paint("Installed Commands:") + "\n" + f.list()}
	case f.asks != "" && f.asks != "--help":
		return missingCargo(f.asks)
	case command != nil:
		return command.help()
	case f.name == "", f.name == "help" && len(f.args) == 0:
		return &Answer{text: "Cargo's `login` and `logout`; there is no other `cargo` on PATH for the rest\n\n" +
			heading.paint("Usage:") + " " + literal.paint("cargo") + " " + placeholder.paint("[OPTIONS] <COMMAND>") + "\n\n" +
			heading.paint("Commands:") + "\n" + f.list() + "\n" +
			"See '" + literal.paint("cargo help") + " " + placeholder.paint("<command>") + "' for more information on a specific command.\n"}
	}
	return missingCargo(f.name)
}

// missingCargo is the error for what only Cargo can do.
func missingCargo(word string) error {
	return fmt.Errorf("`cargo %s` needs Cargo, and there is no other `cargo` on PATH\n\n"+
		"help: this `cargo` has `login` and `logout` only, and hands the rest on to the next one: "+
		"install Rust (https://rustup.rs), or add the directory of its `cargo` to PATH", word)
}

// list returns a line for each command.
func (f *front) list() (lines string) {
	for _, c := range f.commands {
		lines += "    " + literal.paint(fmt.Sprintf("%-20s", c.Name)) + " " + c.About + "\n"
	}
	return lines
}
