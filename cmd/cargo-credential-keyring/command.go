package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

const cratesIO = "crates-io"

// tool is what the commands for people share.
type tool struct {
	shell  *cli.Shell
	config *config.Config
	// silent is the same configuration without its warnings.
	silent *config.Config
	// registry is the name given with --registry; empty if there is none.
	registry string
	dryRun   bool
	json     bool
}

// newCommand returns the command line for people.
func newCommand(shell *cli.Shell) *cobra.Command {
	t := &tool{shell: shell}
	root := &cobra.Command{
		Use:   programName,
		Short: "Keep the tokens of Cargo's registries in the operating system's secret store",
		Long: `Keep the tokens of Cargo's registries in the operating system's secret store.

Cargo runs this program with --cargo-plugin, once it is registered in Cargo's
configuration. The commands below do that, move tokens that Cargo has stored in
plain text, and show what is where.`,
		Example: "  " + programName + " register\n  " + programName + " migrate\n  " + programName + " status",
		Version: version,
		// Cargo's errors and colours are the shell's.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return cli.UsageError(err, c.UseLine()) })
	root.Args = noArgs
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.AddCommand(t.registerCommand(), t.unregisterCommand(), t.statusCommand(), t.migrateCommand())
	return root
}

// configured runs a command when the configuration has been read. Help does
// without.
func (t *tool) configured(run func(*cobra.Command) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) (err error) {
		if c.Flags().Changed("registry") {
			// An empty name would mean all registries.
			if err := registry.ValidateName(t.registry); err != nil {
				return err
			}
		}
		if t.config, err = t.shell.OpenConfig(os.Environ()); err != nil {
			return err
		}
		if err := t.config.Read(); err != nil {
			return err
		}
		t.silent = t.quiet()
		if term, err := t.config.Term(); err == nil {
			if err := t.shell.SetColor(term.Color); err != nil {
				return err
			}
		}
		return run(c)
	}
}

// noArgs makes arguments that are no flags a usage error; cobra's own words for
// it will do.
func noArgs(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return cli.UsageError(err, c.UseLine())
	}
	return nil
}

func (t *tool) registryFlag(c *cobra.Command, usage string) {
	c.Flags().StringVar(&t.registry, "registry", "", usage)
	completeRegistries(c)
}

func (t *tool) dryRunFlag(flags *pflag.FlagSet) {
	flags.BoolVarP(&t.dryRun, "dry-run", "n", false, "Say what would be done, and change nothing")
}

// find returns the registry of that name.
func (t *tool) find(name string) (registry.Registry, error) {
	target, err := registry.Resolve(t.config, name)
	return target.Registry, err
}

// quiet returns the configuration as it is now, without its warnings.
func (t *tool) quiet() *config.Config {
	o := t.config.Options
	o.Notify = nil
	return config.New(o)
}
