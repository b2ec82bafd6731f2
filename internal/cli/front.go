package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// Front is a command line of cargo itself, read as far as the name of a
// command.
type Front struct {
	// Command is the name; "" if there is none, or help or the like is asked for.
	Command string
	// err is what is wrong before the name.
	err error
	// asks is the last option that asks for something else than a command.
	asks    string
	options Options
	args    []string // after the name
}

// ReadFront reads a command line, without the program's name.
func ReadFront(args, environ []string) *Front {
	f := new(Front)
	toolchain, args := cutToolchain(args)
	f.options.Channel = channel(toolchain, environ)

	flags := pflag.NewFlagSet("cargo", pflag.ContinueOnError)
	flags.SetInterspersed(false)
	asks := func(option string) func(string) error {
		return func(string) error { f.asks = option; return nil }
	}
	add(flags, "version", "V", "", "", asks("--version"))
	add(flags, "list", "", "", "", asks("--list"))
	add(flags, "explain", "", "CODE", "", asks("--explain"))
	f.options.addShared(flags)
	add(flags, "", "C", "DIRECTORY", "", to(&f.options.Dir))
	add(flags, "help", "h", "", "", func(string) error { return pflag.ErrHelp })

	name := nameOfCommand(flags, args)
	err := flags.Parse(readable(flags, args[:name], false))
	switch {
	case errors.Is(err, pflag.ErrHelp):
		f.asks = "--help"
	case err != nil:
		usage := literal.paint("cargo") + " " + placeholder.paint("[OPTIONS] [COMMAND]")
		f.err = UsageError(mistake(err), usage)
	case f.asks == "" && name < len(args):
		f.Command = args[name]
	}
	if name < len(args) {
		f.args = args[name+1:]
	}
	return f
}

// nameOfCommand returns where in args the name of the command is: the first
// argument that is neither an option nor the value of one.
func nameOfCommand(flags *pflag.FlagSet, args []string) int {
	isValue := false
	for i, arg := range args {
		if arg == "--" || !looksLikeOption(arg) && !isValue {
			return i
		}
		_, isValue = inspect(flags, arg)
	}
	return len(args)
}

// Main runs the command, which must be the named one, and returns the exit status.
func (f *Front) Main(c Command, run Run) int {
	s := newSession()
	s.Options = f.options
	return s.main(subcommand(s.command(c, run), f.args, c).ExecuteContext)
}

// Fail shows why a program does nothing and returns its exit status.
func Fail(err error) int {
	return newSession().main(func(context.Context) error { return err })
}

// Alone answers a command line for Cargo where there is none: with help, a usage
// error, or what is missing.
func (f *Front) Alone() error {
	isHelp := f.Command == "help" && len(f.args) > 0
	switch {
	case f.err != nil:
		return f.err
	case f.asks == "--list":
		return &Answer{text: heading.paint("Installed Commands:") + "\n" + commandList()}
	case f.asks != "" && f.asks != "--help":
		return missingCargo(f.asks)
	case isHelp && f.args[0] == Login.Name:
		return &Answer{text: Login.help()}
	case isHelp && f.args[0] == Logout.Name:
		return &Answer{text: Logout.help()}
	case f.Command == "", f.Command == "help" && !isHelp:
		return &Answer{text: "Cargo's `login` and `logout`; there is no other `cargo` on PATH for the rest\n\n" +
			heading.paint("Usage:") + " " + literal.paint("cargo") + " " + placeholder.paint("[OPTIONS] <COMMAND>") + "\n\n" +
			heading.paint("Commands:") + "\n" + commandList() + "\n" +
			"See '" + literal.paint("cargo help") + " " + placeholder.paint("<command>") + "' for more information on a specific command.\n"}
	}
	return missingCargo(f.Command)
}

// missingCargo is the error for what only Cargo can do.
func missingCargo(word string) error {
	return fmt.Errorf("`cargo %s` needs Cargo, and there is no other `cargo` on PATH\n\n"+
		"help: this `cargo` has `login` and `logout` only, and hands the rest on to the next one: "+
		"install Rust (https://rustup.rs), or add the directory of its `cargo` to PATH", word)
}

func commandList() (list string) {
	for _, c := range []Command{Login, Logout} {
		list += "    " + literal.paint(fmt.Sprintf("%-20s", c.Name)) + " " + c.about + "\n"
	}
	return list
}
