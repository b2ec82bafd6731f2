package cli

import (
	"errors"
	"slices"
	"strings"
)

// Channel is the release channel that Cargo would be of, which decides whether
// unstable options are allowed.
type Channel string

// Unstable reports whether unstable options are allowed.
func (c Channel) Unstable() bool { return c == "nightly" || c == "dev" }

// channel finds the channel. Cargo's own two test hooks come first; then
// whatever would have made rustup run another Cargo.
func channel(toolchain string, environ []string) Channel {
	if override, ok := lookup(environ, "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS"); ok {
		return Channel(override)
	}
	if bootstrap, _ := lookup(environ, "RUSTC_BOOTSTRAP"); bootstrap == "1" {
		return "dev"
	}
	if toolchain == "" {
		toolchain, _ = lookup(environ, "RUSTUP_TOOLCHAIN")
	}
	for _, name := range []string{"nightly", "beta"} {
		if strings.HasPrefix(toolchain, name) {
			return Channel(name)
		}
	}
	return "stable"
}

// cutToolchain takes rustup's +toolchain from the front of args.
func cutToolchain(args []string) (toolchain string, rest []string) {
	if len(args) > 0 && len(args[0]) > 1 && args[0][0] == '+' {
		return args[0][1:], args[1:]
	}
	return "", args
}

var errDirectoryUnstable = errors.New("the `-C` flag is unstable, " +
	"pass `-Z unstable-options` on the nightly channel to enable it")

// on returns the options on a channel, on which -C may not be allowed.
func (o Options) on(c Channel) (Options, error) {
	if o.Dir != nil && !(c.Unstable() && slices.Contains(o.Unstable, "unstable-options")) {
		return Options{}, errDirectoryUnstable
	}
	o.Channel = c
	return o, nil
}

// cutDirectory takes Cargo's -C out of args. Cargo knows it only before the
// subcommand, where other options that all its commands have may stand too.
func cutDirectory(args []string) (dir *string, rest []string, err error) {
	at := 0
	for at < len(args) && !strings.HasPrefix(args[at], "-C") {
		words := globalWords(args[at:])
		if words == 0 {
			return nil, args, nil
		}
		at += words
	}
	if at == len(args) {
		return nil, args, nil
	}
	value, behind := strings.TrimPrefix(args[at][len("-C"):], "="), args[at+1:]
	if args[at] == "-C" && len(behind) > 0 && !looksLikeOption(behind[0]) {
		// Cargo looks at such a value last, also if it is empty.
		value, behind = behind[0], behind[1:]
	} else if value == "" {
		return nil, nil, missingValue(directoryOption)
	}
	return &value, slices.Concat(args[:at], behind), nil
}

// globalWords returns how many arguments the option takes up that args starts
// with; 0 if that is none which may stand before Cargo's subcommand.
func globalWords(args []string) int {
	name, _, attached := strings.Cut(args[0], "=")
	switch name {
	case "-Z", "--color", "--config":
		if !attached && len(args) > 1 && !looksLikeOption(args[1]) {
			return 2
		}
		return 1
	case "--verbose", "--quiet", "--locked", "--offline", "--frozen":
		return 1
	}
	if strings.HasPrefix(name, "-Z") || len(name) > 1 && strings.Trim(name[1:], "vq") == "" && name[0] == '-' {
		return 1
	}
	return 0
}

// lookup returns the value of an environment variable; of several, the first
// one counts, as for the C library.
func lookup(environ []string, name string) (string, bool) {
	for _, variable := range environ {
		if key, value, ok := strings.Cut(variable, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}
