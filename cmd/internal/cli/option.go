package cli

// option is one of Cargo's options: what help and usage errors say of it, and
// how it takes its value.
type option struct {
	long, short string
	// value is the name of the value as help shows it; an option without one
	// is a flag.
	value    string
	possible []string
	help     string
	// path says that the value need not be UTF-8, but may not be empty.
	path bool
	// repeats says that the option may be given again.
	repeats bool
	// instead is the option to use in place of this one, which is hidden and
	// refused.
	instead string
}

// directoryOption is not among the options of a command: it stands before.
var directoryOption = &option{short: "C", value: "DIRECTORY", path: true}

// section is a group of options in help, under a heading.
type section struct {
	heading string
	options []*option
}

// commandSections are the options of both commands in the order of Cargo's help.
// Those with an instead are names that other tools use: Cargo knows them only
// to say what is meant.
var commandSections = []section{
	{"Options", []*option{
		{long: "registry", value: "REGISTRY", help: "Registry to use"},
		{
			long: "verbose", short: "v", repeats: true,
			help: "Use verbose output (-vv very verbose/build.rs output)",
		},
		{long: "quiet", short: "q", help: "Do not print cargo log messages"},
		{long: "silent", short: "s", instead: "--quiet"},
		{long: "color", value: "WHEN", help: "Coloring", possible: []string{"auto", "always", "never"}},
		{long: "config", value: "KEY=VALUE|PATH", repeats: true, help: "Override a configuration value"},
		{short: "c", instead: "--config"},
		{
			short: "Z", value: "FLAG", repeats: true,
			help: "Unstable (nightly-only) flags to Cargo, see 'cargo -Z help' for details",
		},
		{short: "z", instead: "-Z"},
		{long: "help", short: "h", help: "Print help"},
	}},
	{"Manifest Options", []*option{
		{long: "locked", help: "Assert that `Cargo.lock` will remain unchanged"},
		{long: "offline", help: "Run without accessing the network"},
		{long: "frozen", help: "Equivalent to specifying both --locked and --offline"},
	}},
}

// name returns the option's name with its hyphens.
func (o *option) name() string {
	if o.long == "" {
		return "-" + o.short
	}
	return "--" + o.long
}

// flag reports whether the option takes no value.
func (o *option) flag() bool { return o.value == "" }

// parts returns the option as usage shows it, in two pieces that have a style
// each: its name, and what follows.
func (o *option) parts() (name, rest string) {
	switch {
	case !o.flag():
		return o.name(), " <" + o.value + ">"
	case o.repeats:
		return o.name(), "..."
	default:
		return o.name(), ""
	}
}

// String returns the option as usage errors name it.
func (o *option) String() string {
	name, rest := o.parts()
	return name + rest
}

// optionNamed returns the option with that name, hyphens included; nil if none
// has it.
func (c Command) optionNamed(name string) *option {
	for _, s := range c.sections {
		for _, o := range s.options {
			if o.name() == name {
				return o
			}
		}
	}
	return nil
}
