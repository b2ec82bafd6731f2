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

// allowsDirectory reports whether -C may be used.
func (o *Options) allowsDirectory() bool {
	return o.Channel.Unstable() && slices.Contains(o.Unstable, "unstable-options")
}

// cutDirectory takes Cargo's -C, which stands before the subcommand and so
// before everything else here, from the front of args.
func cutDirectory(args []string) (dir *string, rest []string, err error) {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-C") {
		return nil, args, nil
	}
	value, rest := args[0][len("-C"):], args[1:]
	switch {
	case value != "":
		value = strings.TrimPrefix(value, "=")
	case len(rest) > 0 && !looksLikeOption(rest[0]):
		value, rest = rest[0], rest[1:]
	}
	if value == "" {
		return nil, nil, missingValue(directoryOption)
	}
	return &value, rest, nil
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
