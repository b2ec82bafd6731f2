package cli

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Completion of command lines. Each program has a hidden command of cobra's, which
// offers the options. This chapter offers their values.

// isCompletion reports whether a shell asks for completion.
func isCompletion(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

// complete tells cobra what to offer for the values of options.
func (s *Session) complete(command *cobra.Command) {
	_ = command.RegisterFlagCompletionFunc("registry", s.completeRegistry)
	_ = command.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("config", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
}

// onlyComplete prepares the flags for completion, for which cobra reads the options
// more than once.
func onlyComplete(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) { flag.Value.(*option).completing = true })
	_ = flags.SetAnnotation("=C", cobra.BashCompSubdirsInDir, []string{})
}

func (s *Session) completeRegistry(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if dir := s.Options.Dir; dir != nil && os.Chdir(*dir) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return CompleteRegistries(s.environ, begun, s.Options.Config...), cobra.ShellCompDirectiveNoFileComp
}

// CompleteRegistries returns what completion offers for a value of --registry that
// begins like this: crates-io and the configured registries, each with the host of
// its index after a tab. The rest of the URL may contain a secret. overrides are
// the values of --config.
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
		if u, err := weburl.Parse(configured[name].Val); err == nil && u.Hostname() != "" {
			candidate += "\t" + u.Hostname()
		}
		candidates = append(candidates, candidate)
	}
	return slices.DeleteFunc(candidates, func(candidate string) bool { return !strings.HasPrefix(candidate, begun) })
}
