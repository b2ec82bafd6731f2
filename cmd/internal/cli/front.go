package cli

import (
	"fmt"
	"strings"
)

// Front is a command line of cargo itself, read as far as the name of a
// command.
type Front struct {
	// Command is the name; "" if there is none, or if something else is asked
	// for (the version, help), which counts first.
	Command string
	// err is what is wrong before the name, or the help that is asked for.
	err       error
	parser    *parser
	toolchain string
	args      []string // behind the name
}

// frontSections are the options that may stand before the name of a command.
var frontSections = []section{{"Options", []*option{
	{long: "version", short: "V"},
	{long: "list"},
	{long: "explain", value: "CODE"},
	{long: "verbose", short: "v", repeats: true},
	{long: "quiet", short: "q"},
	{long: "color", value: "WHEN", possible: []string{"auto", "always", "never"}},
	directoryOption,
	{long: "locked"},
	{long: "offline"},
	{long: "frozen"},
	{long: "config", value: "KEY=VALUE|PATH", repeats: true},
	{short: "c", instead: "--config"},
	{short: "Z", value: "FLAG", repeats: true},
	{short: "z", instead: "-Z"},
	{long: "help", short: "h"},
}}}

// ReadFront reads a command line, without the program's name.
func ReadFront(args, environ []string) *Front {
	f := new(Front)
	f.toolchain, args = cutToolchain(args)
	f.parser = newParser(Command{sections: frontSections, usageLine: frontUsage(environ)})
	f.Command, f.args, f.err = f.parser.parseFront(args)
	if f.err != nil || f.parser.asks != "" {
		f.Command = ""
	}
	return f
}

// frontUsage is what Cargo puts below its usage errors; it takes toolchains
// where rustup runs it.
func frontUsage(environ []string) string {
	options := "[OPTIONS]"
	if _, rustup := lookup(environ, "RUSTUP_HOME"); rustup {
		options = "[+toolchain] [OPTIONS]"
	}
	rest := func(text string) string { return "\x1b[36m" + text + "\x1b[39m" }
	return heading.paint("Usage:") + " " + fixed("cargo") + " " + rest(options+" [COMMAND]") + "\n" +
		"       " + fixed("cargo") + " " + rest(options) + " " + fixed("-Zscript") + " " + rest("<MANIFEST_RS> [ARGS]...")
}

// parseFront reads the options before the name of a command, and returns the
// name and what follows it. A value that stands just before the name is looked
// at last, after the options of the command.
func (p *parser) parseFront(args []string) (name string, rest []string, err error) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return arg, args[i+1:], nil
		case looksLikeOption(arg):
			err = p.parseOption(arg)
		case p.awaited() != nil:
			p.pending.value = &arg
		default:
			return arg, args[i+1:], nil
		}
		if err != nil {
			return "", nil, err
		}
	}
	return "", nil, p.acceptPending()
}

// Main runs the command, which must be the one that is named, and returns the
// exit status.
func (f *Front) Main(command Command, run Run) int {
	return start(command, run, func(environ []string) (Options, error) {
		return f.parse(command, environ)
	})
}

// parse reads the options of the command and lays them over those before it.
func (f *Front) parse(command Command, environ []string) (Options, error) {
	p := newParser(command)
	if err := p.parse(f.args); err != nil {
		return Options{}, err
	}
	if err := f.parser.acceptPending(); err != nil {
		return Options{}, err
	}
	return f.parser.options.under(p.options).on(channel(f.toolchain, environ))
}

// under lays the options of a command over those before its name. As in Cargo,
// an option that is given in both places counts with its values behind the
// name only, also if it may be repeated.
func (o Options) under(command Options) Options {
	if command.Verbose == 0 {
		command.Verbose = o.Verbose
	}
	if command.Color == nil {
		command.Color = o.Color
	}
	if command.Config == nil {
		command.Config = o.Config
	}
	if command.Unstable == nil {
		command.Unstable = o.Unstable
	}
	command.Quiet = command.Quiet || o.Quiet
	command.Locked = command.Locked || o.Locked
	command.Offline = command.Offline || o.Offline
	command.Frozen = command.Frozen || o.Frozen
	command.Dir = o.Dir
	return command
}

// Alone answers a command line that is for Cargo on a machine where there is
// none, and returns the exit status.
func (f *Front) Alone() int { return Fail(f.alone()) }

// alone is what can be said without Cargo: help as far as there is any, a usage
// error, or else what is missing.
func (f *Front) alone() error {
	if f.err != nil {
		return f.err
	}
	if err := f.parser.acceptPending(); err != nil {
		return err
	}
	switch f.parser.asks {
	case "":
	case "--list":
		return &Answer{text: func(int) string {
			return heading.paint("Installed Commands:") + "\n" + commandList(Login, Logout)
		}}
	default:
		return missingCargo(f.parser.asks)
	}
	switch {
	case f.Command == "", f.Command == "help" && len(f.args) == 0:
		return f.parser.command.help()
	case f.Command == "help" && f.args[0] == Login.Name:
		return Login.help()
	case f.Command == "help" && f.args[0] == Logout.Name:
		return Logout.help()
	}
	return missingCargo(f.Command)
}

// missingCargo is the error for what only Cargo can do.
func missingCargo(word string) error {
	return fmt.Errorf("`cargo %s` needs Cargo, and there is no other `cargo` on PATH\n\n"+
		"help: this `cargo` has `login` and `logout` only, and hands the rest on to the next one: "+
		"install Rust (https://rustup.rs), or add the directory of its `cargo` to PATH", word)
}

// frontHelp is the help without Cargo.
func frontHelp(int) string {
	return "Cargo's `login` and `logout`; there is no other `cargo` on PATH for the rest\n\n" +
		heading.paint("Usage:") + " " + literal.paint("cargo") + " " + placeholder.paint("[OPTIONS] <COMMAND>") + "\n\n" +
		heading.paint("Commands:") + "\n" + commandList(Login, Logout) + "\n" +
		"See '" + literal.paint("cargo help") + " " + placeholder.paint("<command>") + "' for more information on a specific command.\n"
}

func commandList(commands ...Command) string {
	var b strings.Builder
	for _, c := range commands {
		b.WriteString("    " + literal.paint(fmt.Sprintf("%-20s", c.Name)) + " " + c.about + "\n")
	}
	return b.String()
}
