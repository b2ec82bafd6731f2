package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Session is what a command runs in: its options, the configuration with
// --config laid over it, and the shell set up as both say.
type Session struct {
	Options Options
	Config  *config.Config
	Shell   *Shell
	// Offline is set by --offline and by `net.offline`.
	Offline bool

	environ []string
	// asymmetric says that cargo:paseto is among the default providers.
	asymmetric bool
}

// Run is what a command does once its options and the configuration are read.
type Run func(context.Context, *Session) error

// Main runs a command as a program of this version, or answers a shell that
// completes its command line, and returns the exit status. The command line may
// have what stands before Cargo's subcommand, +toolchain and -C, unless Cargo has
// run the program: then the first argument is the command's name.
func Main(c Command, version string, run Run) int {
	s, args := newSession(), os.Args[1:]
	command := s.program(c, version, run, args)
	if isCompletion(args) {
		_ = command.Execute()
		return 0
	}
	return s.main(command.ExecuteContext)
}

// program returns the command of a program that was run with these arguments.
func (s *Session) program(c Command, version string, run Run, args []string) *cobra.Command {
	command := s.command(c, run)
	if len(args) > 0 && args[0] == c.Name {
		s.Options.Channel = channel("", s.environ)
		return subcommand(command, args[1:], c)
	}
	toolchain, args := cutToolchain(args)
	s.Options.Channel = channel(toolchain, s.environ)
	flags := command.Flags()
	add(flags, "", "C", "DIRECTORY", "Change to DIRECTORY first", to(&s.Options.Dir))
	add(flags, "version", "V", "", "Print version", func(string) error {
		return &Answer{text: Version("cargo-"+c.Name, version)}
	})
	if isCompletion(args) {
		// Cobra reads the options more than once.
		flags.VisitAll(func(flag *pflag.Flag) { flag.Value.(*option).completing = true })
		_ = flags.SetAnnotation("=C", cobra.BashCompSubdirsInDir, []string{})
	} else {
		args = readable(flags, args, !c.provider)
	}
	command.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	return command
}

// subcommand returns the program of which the command is one of several. It does
// not complete its command line: any argument may be a token.
func subcommand(command *cobra.Command, args []string, c Command) *cobra.Command {
	cargo := &cobra.Command{Use: "cargo"}
	cargo.AddCommand(command)
	cargo.SetArgs(slices.Concat([]string{command.Name()}, readable(command.Flags(), args, !c.provider)))
	return cargo
}

// Version is what a program says of its version, which git describes with words
// such as "v1.2.3-4-g0123456789ab". Where go install has built it, Go knows it.
func Version(program, described string) string {
	if info, ok := debug.ReadBuildInfo(); ok && described == "devel" && strings.HasPrefix(info.Main.Version, "v") {
		described = info.Main.Version
	}
	release, commit, found := strings.Cut(strings.TrimPrefix(described, "v"), "-g")
	if found {
		release += " (" + commit + ")"
	}
	return program + " " + release + "\n"
}

// newSession returns a session of this process.
func newSession() *Session {
	NoCoreDump()
	// A run is over before collecting its garbage pays.
	debug.SetGCPercent(400)
	environ := os.Environ()
	return &Session{Shell: NewShell(os.Stdout, os.Stderr, environ), environ: environ}
}

// main runs a command and returns the exit status.
func (s *Session) main(execute func(context.Context) error) int {
	var err error
	if s.Config, err = OpenConfig(s.environ, s.Shell.Notify); err != nil {
		return s.Shell.Report(err)
	}
	// Errors in the configuration do not stop a usage error or --help.
	if term := readTerm(s.Config); term.Color != nil && slices.Contains(colors, *term.Color) {
		s.Shell.answersColor = *term.Color
	}
	return s.Shell.Run(execute)
}

// OpenConfig returns the configuration of the current directory, still unread.
func OpenConfig(environ []string, notify func(config.Message)) (*config.Config, error) {
	dir, err := workingDirectory()
	if err != nil {
		return nil, fmt.Errorf("couldn't get the current directory of the process: %w", system.Error(err))
	}
	home, err := config.HomeDir(dir, environ)
	if err != nil {
		return nil, err
	}
	return config.New(config.Options{Dir: dir, Home: home, Environ: environ, Notify: notify}), nil
}

// configure does what Cargo does between its command line and a command, in
// Cargo's order, which decides what is reported if several things are wrong.
func (s *Session) configure(command Command) (err error) {
	o := s.Options
	if err := o.checkDirectory(); err != nil {
		return err
	}
	if o.Dir != nil {
		if err := os.Chdir(*o.Dir); err != nil {
			return fmt.Errorf("could not change to requested directory: %w", system.Error(err))
		}
		if s.Config, err = OpenConfig(s.environ, s.Shell.Notify); err != nil {
			return err
		}
		if err := s.Config.Load(); err != nil {
			return err
		}
	}
	if alias, err := s.Config.Program("alias." + command.Name); err == nil && alias != nil && alias.Name != "" {
		s.warn("user-defined alias `%s` is ignored, because it is shadowed by a built-in command", command.Name)
	}
	if len(o.Unstable) > 0 && o.Unstable[0] == "help" {
		return unstableHelp(o.Channel)
	}
	if err := o.checkUnstable(); err != nil {
		return err
	}
	if len(o.Config) > 0 { // else what is wrong with a file shows later
		if err := s.Config.Load(o.Config...); err != nil {
			return err
		}
	}
	if s.asymmetric, err = s.asymmetricTokens(); err != nil {
		return err
	}
	if err := s.setUpShell(); err != nil {
		return err
	}
	s.Offline = o.Offline
	if !s.Offline {
		// All of it, since Cargo warns of other keys now.
		var net struct {
			Retry           *uint32 `toml:"retry"`
			Offline         *bool   `toml:"offline"`
			GitFetchWithCLI *bool   `toml:"git-fetch-with-cli"`
			SSH             struct {
				KnownHosts []config.Value[string] `toml:"known-hosts"`
			} `toml:"ssh"`
		}
		err := s.Config.Table("net", &net)
		s.Offline = err == nil && net.Offline != nil && *net.Offline
	}
	return nil
}

// setUpShell sets verbosity and colour: the options come before [term], which
// is ignored as a whole if any of it is malformed.
func (s *Session) setUpShell() error {
	o := s.Options
	term := readTerm(s.Config)
	isSet := func(flag *bool) bool { return flag != nil && *flag }
	verbose, quiet, names := o.Verbose > 0, o.Quiet, "--verbose and --quiet"
	if !verbose && !quiet {
		verbose, quiet, names = isSet(term.Verbose), isSet(term.Quiet), "`term.verbose` and `term.quiet`"
	}
	switch {
	case verbose && quiet:
		return errors.New("cannot set both " + names)
	case verbose:
		s.Shell.Verbosity = Verbose
	case quiet:
		s.Shell.Verbosity = Quiet
	}
	s.Shell.term = term
	return s.Shell.SetColor(cmp.Or(o.Color, term.Color))
}

// termTable is the table [term]: what the user wants to see.
type termTable struct {
	Verbose    *bool   `toml:"verbose"`
	Quiet      *bool   `toml:"quiet"`
	Color      *string `toml:"color"`
	Hyperlinks *bool   `toml:"hyperlinks"`
	Unicode    *bool   `toml:"unicode"`
	Progress   struct {
		When            *string `toml:"when"`
		Width           *uint   `toml:"width"`
		TermIntegration *bool   `toml:"term-integration"`
	} `toml:"progress"`
}

// readTerm reads [term]. As in Cargo a table of which anything is malformed counts
// as empty.
func readTerm(c *config.Config) (term termTable) {
	err := c.Table("term", &term)
	when := term.Progress.When
	isWrong := when != nil && *when != "auto" && *when != "never" && (*when != "always" || term.Progress.Width == nil)
	if err != nil || isWrong {
		return termTable{}
	}
	return term
}

// Color is `term.color`; nil if it is not configured.
func Color(c *config.Config) *string { return readTerm(c).Color }

// Target returns the registry that the command line or the configuration means,
// and marks Cargo's cache as Cargo does when it opens a registry.
func (s *Session) Target() (registry.Target, error) {
	name := s.Options.Registry
	if name != nil {
		if err := registry.ValidateName(*name); err != nil {
			return registry.Target{}, err
		}
	} else if byDefault, err := s.Config.String("registry.default"); err != nil {
		return registry.Target{}, err
	} else if byDefault != nil {
		name = &byDefault.Val
	}
	if s.Options.Token != nil {
		s.warn("`cargo login <token>` is deprecated in favor of reading `<token>` from stdin")
	}
	target, err := registry.ResolveChosen(s.Config, name)
	if target.Registry.Index != "" {
		registry.MarkCache(s.Config.Home)
		s.Shell.learn = func() { s.hideConfigured(target.Registry) }
	}
	return target, err
}

// WarnOfIndex warns where a project's configuration gives the registry another
// index than the user's own does: that is where its token goes. A registry that
// only the project knows is the project's affair.
func (s *Session) WarnOfIndex(r registry.Registry) {
	key := "registries." + r.Name + ".index"
	index, own := s.fromProject(key)
	if index == nil || own == nil {
		return
	}
	if other, err := registry.New(r.Name, own.Val); err == nil && other.Canonical() != r.Canonical() {
		s.warn("`%s` in `%s` is another registry than in `%s`:\n"+
			"the token goes to `%s`, not to `%s`", key, index.Definition, own.Definition, r.Index, other.Index)
	}
}

// WarnOfNetwork warns where a project's configuration decides by which way, and
// on whose word, a token is sent.
func (s *Session) WarnOfNetwork() {
	warn := func(key, decides string, meaning func(string, config.Definition) string) {
		value, own := s.fromProject(key)
		if value != nil && (own == nil || meaning(own.Val, own.Definition) != meaning(value.Val, value.Definition)) {
			s.warn("`%s` in `%s`, not in your own configuration, says %s", key, value.Definition, decides)
		}
	}
	warn("http.proxy", "through which proxy the token is sent",
		func(address string, _ config.Definition) string { return address })
	warn("http.cainfo", "whose certificates are trusted when the token is sent",
		func(path string, d config.Definition) string { return filepath.Clean(s.Config.ResolvePath(path, d)) })
}

// fromProject returns a value that a project's configuration has, and what it is
// in the user's own; nil where there is none.
func (s *Session) fromProject(key string) (value, own *config.Value[string]) {
	value, err := s.Config.String(key)
	if err != nil || value == nil || value.Definition.Path == "" || value.Definition.CommandLine || filepath.Dir(value.Definition.Path) == s.Config.Home {
		return nil, nil
	}
	home := config.New(config.Options{Dir: s.Config.Home, Home: s.Config.Home})
	if own, err = home.String(key); err != nil || own != nil && own.Definition == value.Definition {
		return nil, nil
	}
	return value, own
}

// hideConfigured has messages hide the token that is configured for a registry,
// which may have learnt it in an earlier run.
func (s *Session) hideConfigured(r registry.Registry) {
	if found, err := registry.Credentials(s.Config.Quiet(), r); err == nil && found != nil && found.Token != nil {
		s.Shell.Hide(found.Token.Val)
	}
}

func (s *Session) warn(format string, args ...any) {
	s.Shell.Notify(config.Message{Kind: config.Warning, Text: untrusted.Sprintf(format, args...)})
}

// RunLogout is the command `logout`. It needs no network.
func RunLogout(ctx context.Context, s *Session) error {
	target, err := s.Target()
	if err != nil {
		return err
	}
	return s.Chain().Logout(ctx, target.Registry)
}

// Chain returns the credential providers that are configured.
func (s *Session) Chain() *credential.Chain {
	read := func(ctx context.Context, prompt string) (config.Secret, error) {
		text, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, s.Shell.Clean(prompt))
		token := config.NewSecret(text)
		s.Shell.Hide(token)
		return token, err
	}
	chain := &credential.Chain{
		Config:           s.Config,
		AsymmetricTokens: s.asymmetric,
		Stdin:            os.Stdin,
		Stderr:           os.Stderr,
		ReadToken:        read,
		BuiltIn:          map[string]credential.Provider{},
	}
	if name := keyring.CargoProvider(); name != "" {
		chain.BuiltIn[name] = keyring.New(keyring.Options{
			Environ:   s.environ,
			MayPrompt: true,
			ReadToken: read,
			Required:  true,
			Notify:    s.Shell.Notify,
		})
	}
	return chain
}

// Run runs a command, shows how it ended and returns the exit status. The context
// ends when a signal asks the program to end, so that a credential provider ends
// with it and a terminal is as it was. Then the program dies of the signal: when
// the command has returned, or after two seconds.
//
// Signals are watched once the end of the context is waited for. To begin takes
// a tenth of the time of a whole logout.
func (s *Shell) Run(command func(context.Context) error) int {
	ctx, cancel := context.WithCancel(context.Background())
	var received os.Signal
	watch := func() {
		signals := make(chan os.Signal, 1)
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			if !signal.Ignored(s) { // as for a program under nohup
				signal.Notify(signals, s)
			}
		}
		go func() {
			received = <-signals
			cancel()
			time.Sleep(2 * time.Second)
			dieOf(received)
		}()
	}
	err := command(signalContext{ctx, sync.OnceFunc(watch)})
	if ctx.Err() != nil {
		dieOf(received)
	}
	return s.Report(err)
}

// signalContext begins to watch for signals when it is waited for.
type signalContext struct {
	context.Context
	watch func()
}

func (c signalContext) Done() <-chan struct{} {
	c.watch()
	return c.Context.Done()
}

// Channel is the release channel that Cargo would be of.
type Channel string

// Unstable reports whether unstable options are allowed.
func (c Channel) Unstable() bool { return c == "nightly" || c == "dev" }

// channel finds the channel: by Cargo's own two test hooks, or by what would have
// made rustup run another Cargo.
func channel(toolchain string, environ []string) Channel {
	if override, ok := system.LookupEnv(environ, "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS"); ok {
		return Channel(override)
	}
	if bootstrap, _ := system.LookupEnv(environ, "RUSTC_BOOTSTRAP"); bootstrap == "1" {
		return "dev"
	}
	if toolchain == "" {
		toolchain, _ = system.LookupEnv(environ, "RUSTUP_TOOLCHAIN")
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

// The values of -Z that mean something here. All others are let through.
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
	if !s.Options.Channel.Unstable() {
		return false, nil
	}
	var table struct {
		AsymmetricToken *bool `toml:"asymmetric-token"`
	}
	err := s.Config.Table("unstable", &table)
	configured := table.AsymmetricToken != nil && *table.AsymmetricToken
	return configured || slices.Contains(s.Options.Unstable, asymmetricToken), err
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
