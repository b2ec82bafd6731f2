package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Channel is the release channel that Cargo would be of, which decides whether
// unstable options are allowed.
type Channel string

// Unstable reports whether unstable options are allowed.
func (c Channel) Unstable() bool { return c == "nightly" || c == "dev" }

// channel finds the channel. Cargo's own two test hooks come first; then
// whatever would have made rustup run another Cargo.
func channel(toolchain string, environ []string) Channel {
	if override, ok := config.LookupEnv(environ, "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS"); ok {
		return Channel(override)
	}
	if bootstrap, _ := config.LookupEnv(environ, "RUSTC_BOOTSTRAP"); bootstrap == "1" {
		return "dev"
	}
	if toolchain == "" {
		toolchain, _ = config.LookupEnv(environ, "RUSTUP_TOOLCHAIN")
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

// checkDirectory refuses -C where Cargo does.
func (o *Options) checkDirectory() error {
	if o.Dir != nil && !(o.Channel.Unstable() && slices.Contains(o.Unstable, unstableOptions)) {
		return errDirectoryUnstable
	}
	return nil
}

// The values of -Z that mean something to these programs. All others change
// builds, and are let through.
const (
	asymmetricToken = "asymmetric-token"
	unstableOptions = "unstable-options"
)

const channelsPage = "See https://doc.rust-lang.org/book/appendix-07-nightly-rust.html " +
	"for more information about Rust release channels."

// checkUnstable refuses -Z on other channels than nightly, and a value of a flag
// that is known to take none.
func (o *Options) checkUnstable() error {
	if len(o.Unstable) > 0 && !o.Channel.Unstable() {
		return fmt.Errorf("the `-Z` flag is only accepted on the nightly channel of Cargo, "+
			"but this is the `%s` channel\n%s", o.Channel, channelsPage)
	}
	for _, flag := range o.Unstable {
		name, value, hasValue := strings.Cut(flag, "=")
		if hasValue && (name == asymmetricToken || name == unstableOptions) {
			return fmt.Errorf("flag -Z%s does not take a value, found: `%s`", name, value)
		}
	}
	return nil
}

// asymmetricTokens reports whether cargo:paseto is asked too, by -Z or by the
// table [unstable], which counts where -Z is allowed.
func (s *Session) asymmetricTokens() (bool, error) {
	switch {
	case !s.Options.Channel.Unstable():
		return false, nil
	case slices.Contains(s.Options.Unstable, asymmetricToken):
		return true, nil
	}
	configured, err := s.Config.Bool("unstable." + asymmetricToken)
	return configured != nil && configured.Val, err
}

// unstableHelp is the answer to -Zhelp: the flags that mean something here.
func unstableHelp(c Channel) *Answer {
	text := heading.paint("Available unstable (nightly-only) flags:") + "\n\n" +
		"    " + literal.paint("-Z asymmetric-token          ") + "  Allows authenticating with asymmetric tokens\n" +
		"    " + literal.paint("-Z unstable-options          ") + "  Allow the usage of unstable options\n" +
		"\nOther flags of Cargo are accepted, and change nothing here.\n" +
		"\nRun with `" + literal.paint("cargo -Z") + " " + placeholder.paint("[FLAG] [COMMAND]") + "`\n"
	if !c.Unstable() {
		text += fmt.Sprintf("\nUnstable flags are only available on the nightly channel of Cargo, but this is the `%s` channel.\n%s\n", c, channelsPage)
	}
	text += "\nSee https://doc.rust-lang.org/nightly/cargo/reference/unstable.html for more information about these flags.\n"
	return &Answer{text: text}
}
