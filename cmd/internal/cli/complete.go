package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// isCompletion reports whether a shell asks what may stand in place of the last
// argument. Cobra answers.
func isCompletion(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

// prepareCompletion has cobra read the options of a line that is not complete
// as often as it likes.
func prepareCompletion(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) { flag.Value.(*option).completing = true })
	_ = flags.SetAnnotation("=C", cobra.BashCompSubdirsInDir, []string{})
}

// completeValues has shells offer the values of the options.
func (s *Session) completeValues(command *cobra.Command) {
	values := map[string]cobra.CompletionFunc{
		"registry": func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			if dir := s.Options.Dir; dir != nil && os.Chdir(*dir) != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return CompleteRegistries(s.environ, begun, s.Options.Config...), cobra.ShellCompDirectiveNoFileComp
		},
		"color":  cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp),
		"config": cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
	}
	for flag, offered := range values {
		_ = command.RegisterFlagCompletionFunc(flag, offered)
	}
}

// CompleteRegistries returns what completion offers for --registry, of which a
// part has been typed: crates-io and the registries of the current directory's
// configuration, with the --config values laid over it. After a tab each has the
// host of its index; the rest of the URL may hold a secret. A configuration that
// is broken has none.
func CompleteRegistries(environ []string, begun string, overrides ...string) []string {
	c, err := OpenConfig(environ, nil)
	if err != nil || c.Override(overrides) != nil {
		return nil
	}
	configured, err := c.Registries()
	if err != nil {
		return nil
	}
	candidates := []string{"crates-io\tcrates.io"}
	for _, named := range configured {
		if named.Name == "crates-io" || registry.ValidateName(named.Name) != nil {
			continue
		}
		candidate := named.Name
		if r, err := registry.New(named.Name, named.Index.Val); err == nil && r.Host() != "" {
			candidate += "\t" + r.Host()
		}
		candidates = append(candidates, candidate)
	}
	return slices.DeleteFunc(candidates, func(candidate string) bool { return !strings.HasPrefix(candidate, begun) })
}
