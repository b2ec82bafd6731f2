// Command cargo-credential-keyring is a credential provider for Cargo that keeps
// tokens in the operating system's secret store. Its commands for people register it
// in Cargo's configuration and move tokens into the store.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

const (
	// programName is also the name of the alias in the configuration.
	programName   = "cargo-credential-keyring"
	cratesIO      = "crates-io"
	tokenProvider = "cargo:token"
)

func main() {
	system.NoCoreDump()
	shell := cli.NewShell(os.Stdout, os.Stderr, os.Environ())
	if len(os.Args) > 1 && os.Args[1] == "--cargo-plugin" {
		never := "never" // Cargo does not say whether it shows colours
		_ = shell.SetColor(&never)
		credential.Main(keyring.New(keyring.Options{Arguments: storeOptions, Notify: shell.Notify}))
	}
	command := newCommand(shell)
	if len(os.Args) > 1 && os.Args[1] == "credential-keyring" { // as Cargo's subcommand
		command.SetArgs(os.Args[2:])
	}
	os.Exit(shell.Run(command.ExecuteContext))
}

// tool is what the commands share.
type tool struct {
	shell  *cli.Shell
	config *config.Config
	// registry is the value of --registry; empty means all.
	registry string
	dryRun   bool
}

// newCommand returns the command line for people.
func newCommand(shell *cli.Shell) *cobra.Command {
	t := &tool{shell: shell}
	showVersion := false
	root := &cobra.Command{
		Use:   programName,
		Short: "Keep the tokens of Cargo's registries in the operating system's secret store",
		Long: `Keep the tokens of Cargo's registries in the operating system's secret store.

Cargo runs this program with --cargo-plugin, once it is registered in Cargo's
configuration. The commands below do that, move tokens that Cargo has stored in
plain text, and show what is where.`,
		Example: "  " + programName + " register\n  " + programName + " migrate\n  " + programName + " status",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if showVersion {
				fmt.Fprintln(c.OutOrStdout(), programName, cli.Version())
				return nil
			}
			return c.Help()
		},
		// The shell shows errors.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Flags().BoolVarP(&showVersion, "version", "V", false, "Print the version")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return cli.UsageError(err, c.UseLine()) })

	writers := []*cobra.Command{t.registerCommand(), t.unregisterCommand(), t.migrateCommand()}
	for _, c := range writers {
		c.Flags().BoolVarP(&t.dryRun, "dry-run", "n", false, "Say what would be done, and change nothing")
	}
	commands := append(writers, t.statusCommand())
	for _, c := range commands {
		c.Args = noArgs
		c.PreRunE = t.configure
		c.Flags().StringVar(&t.registry, "registry", "", "Only for the registry `NAME`")
		_ = c.RegisterFlagCompletionFunc("registry", func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return cli.CompleteRegistries(os.Environ(), begun), cobra.ShellCompDirectiveNoFileComp
		})
	}
	root.AddCommand(commands...)
	return root
}

// noArgs refuses arguments that are not flags.
func noArgs(c *cobra.Command, args []string) error {
	if err := cobra.NoArgs(c, args); err != nil {
		return cli.UsageError(err, c.UseLine())
	}
	return nil
}

// configure reads the configuration before a command runs.
func (t *tool) configure(c *cobra.Command, _ []string) (err error) {
	if c.Flags().Changed("registry") {
		// An empty name would mean all registries.
		if err := registry.ValidateName(t.registry); err != nil {
			return err
		}
	}
	if t.config, err = cli.OpenConfig(os.Environ(), t.shell.Notify); err != nil {
		return err
	}
	if err := t.config.Load(); err != nil {
		return err
	}
	return t.shell.SetColor(cli.Color(t.config))
}

// served names the registries that the command is for.
func (t *tool) served() string {
	if t.registry == "" {
		return "all registries"
	}
	return "registry `" + t.registry + "`"
}

// find returns the registry with that name, and the name under which Cargo looks for
// its token in the credentials file: empty for crates.io.
func (t *tool) find(name string) (r registry.Registry, inFile string, err error) {
	r, err = registry.Resolve(t.config, name)
	if err != nil || r.IsCratesIO() {
		return r, "", err
	}
	found, err := registry.Credentials(t.config.Quiet(), r)
	if err != nil || found == nil {
		return r, r.Name(), err
	}
	return r, found.Name, nil
}

// providers returns the providers that Cargo asks for a registry's token.
func (t *tool) providers(r registry.Registry) ([]config.Program, error) {
	return (&credential.Chain{Config: t.config}).Providers(r)
}

// storeOptions reads the arguments that are configured for the provider.
func storeOptions(args []string) (keyring.Options, error) {
	options := keyring.Options{Environ: os.Environ(), MayPrompt: true}
	flags := pflag.NewFlagSet(programName, pflag.ContinueOnError)
	flags.Usage = func() {}
	storeFlags(flags, &options)
	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument `%s`", flags.Arg(0))
	default:
		err = options.Validate()
	}
	if err != nil {
		return options, fmt.Errorf("cannot understand the arguments that are configured for this provider: %w", err)
	}
	return options, nil
}

// storeFlags adds the flags that choose a store.
func storeFlags(flags *pflag.FlagSet, o *keyring.Options) {
	flags.StringVar(&o.Backend, "backend", "", "The secret `STORE` to use: secret-service or keyutils; the system's own by default")
	flags.StringVar(&o.Fallback, "fallback", "", "The secret `STORE` to use where the system's own is not available: keyutils")
	flags.DurationVar(&o.UnlockTimeout, "unlock-timeout", time.Minute, "The `TIME` that a person has to unlock the store")
}

// isOurs reports whether a path is that of this program, wherever it is installed.
func isOurs(program string) bool {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == programName
}

// storeOf returns the options with which a configured provider opens the secret
// store; nil if the provider uses another place.
func storeOf(p config.Program) (*keyring.Options, error) {
	var args []string // Cargo's provider takes none
	switch {
	case isOurs(p.Path):
		args = p.Args
	case p.Path == "" || p.Path != keyring.CargoProvider():
		return nil, nil
	}
	options, err := storeOptions(args)
	return &options, err
}
