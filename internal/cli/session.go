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

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Session is what a command runs in: its options, the configuration with the
// --config values, and a shell that both have set up.
type Session struct {
	Options Options
	Config  *config.Config
	Shell   *Shell

	environ []string
	// asymmetric adds cargo:paseto to the default providers.
	asymmetric bool
}

// Main runs a command as a program of its own and returns the exit status. It also
// answers a shell that completes the program's command line.
func Main(c *Command) int {
	s, args := newSession(), os.Args[1:]
	command := c.asProgram(s, args)
	if isCompletion(args) {
		_ = command.Execute()
		return 0
	}
	return s.main(command.ExecuteContext)
}

// asProgram returns the command for a program with these arguments. If Cargo ran
// the program, the first argument is the command's name. Otherwise the program also
// takes what Cargo takes before a command: +toolchain and -C.
func (c *Command) asProgram(s *Session, args []string) *cobra.Command {
	if len(args) > 0 && args[0] == c.Name {
		s.Options.Channel = channel("", s.environ)
		return c.asSubcommand(s, args[1:])
	}
	toolchain, args := cutToolchain(args)
	s.Options.Channel = channel(toolchain, s.environ)
	command := c.cobraCommand(s)
	flags := command.Flags()
	addOptions(flags, s.Options.directory(), &option{long: "version", short: "V", help: "Print version", set: func(string) error {
		return &Answer{text: "cargo-" + c.Name + " " + Version() + "\n"}
	}})
	if isCompletion(args) {
		onlyComplete(flags)
	} else {
		args = readable(flags, args, !c.TakesToken)
	}
	command.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	return command
}

// asSubcommand returns the command as one of cargo's. It completes nothing: any of
// its arguments may be a token.
func (c *Command) asSubcommand(s *Session, args []string) *cobra.Command {
	command := c.cobraCommand(s)
	cargo := &cobra.Command{Use: "cargo"}
	cargo.AddCommand(command)
	cargo.SetArgs(append([]string{c.Name}, readable(command.Flags(), args, !c.TakesToken)...))
	return cargo
}

// newSession returns a session of this process.
func newSession() *Session {
	system.NoCoreDump()
	// A run ends before garbage collection pays off.
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

// Run runs a command, shows how it ended and returns the exit status.
//
// A signal that asks the program to end cancels the context, so that credential
// providers end too and the terminal is restored. The program then dies of the
// signal: once the command has returned, or after two seconds.
//
// Signals are watched only when something waits for the context, since starting to
// watch takes a tenth of the time of a logout.
func (s *Shell) Run(command func(context.Context) error) int {
	ctx, cancel := context.WithCancel(context.Background())
	var received os.Signal
	watch := func() {
		signals := make(chan os.Signal, 1)
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			if !signal.Ignored(s) { // under nohup
				signal.Notify(signals, s)
			}
		}
		go func() {
			received = <-signals
			cancel()
			time.Sleep(2 * time.Second)
			system.Die(received)
		}()
	}
	err := command(signalContext{ctx, sync.OnceFunc(watch)})
	if ctx.Err() != nil {
		system.Die(received)
	}
	return s.Report(err)
}

// signalContext starts to watch signals when something waits for it.
type signalContext struct {
	context.Context
	watch func()
}

func (c signalContext) Done() <-chan struct{} {
	c.watch()
	return c.Context.Done()
}

// OpenConfig returns the configuration of the current directory. It reads no file
// yet.
func OpenConfig(environ []string, notify func(config.Message)) (*config.Config, error) {
	dir, err := system.WorkingDirectory()
	if err != nil {
		return nil, fmt.Errorf("couldn't get the current directory of the process: %w", system.Error(err))
	}
	home, err := config.HomeDir(dir, environ)
	if err != nil {
		return nil, err
	}
	return config.New(config.Options{Dir: dir, Home: home, Environ: environ, Notify: notify}), nil
}

// configure does what Cargo does between reading its command line and running a
// command. Cargo's order decides which of several errors the user sees.
func (s *Session) configure(command *Command) (err error) {
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
		s.Shell.Warn("user-defined alias `%s` is ignored, because it is shadowed by a built-in command", command.Name)
	}
	if len(o.Unstable) > 0 && o.Unstable[0] == "help" {
		return unstableHelp(o.Channel)
	}
	if err := o.checkUnstable(); err != nil {
		return err
	}
	if len(o.Config) > 0 { // otherwise a broken file shows later
		if err := s.Config.Load(o.Config...); err != nil {
			return err
		}
	}
	if s.asymmetric, err = s.asymmetricTokens(); err != nil {
		return err
	}
	if err := s.Shell.setUp(o, s.Config); err != nil {
		return err
	}
	if !o.Offline {
		// Cargo reads this table here, and warns about unused keys.
		var net struct {
			Retry           *uint32 `toml:"retry"`
			Offline         *bool   `toml:"offline"`
			GitFetchWithCLI *bool   `toml:"git-fetch-with-cli"`
			SSH             struct {
				KnownHosts []config.Value[string] `toml:"known-hosts"`
			} `toml:"ssh"`
		}
		_ = s.Config.Table("net", &net)
	}
	return nil
}

// Channel is the release channel of Cargo that the programs stand for.
type Channel string

// Unstable reports whether unstable options are allowed.
func (c Channel) Unstable() bool { return c == "nightly" || c == "dev" }

// channel returns the channel that Cargo's two test hooks choose, or else the one
// whose Cargo rustup would run.
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

// cutToolchain splits rustup's +toolchain from the arguments.
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

// The values of -Z that have an effect here. All others are accepted.
const (
	asymmetricToken = "asymmetric-token"
	unstableOptions = "unstable-options"
)

const channelsPage = "See https://doc.rust-lang.org/book/appendix-07-nightly-rust.html " +
	"for more information about Rust release channels."

// checkUnstable refuses -Z on a stable channel, and a value for a flag that takes
// none.
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

// asymmetricTokens reports whether -Z or the table [unstable] turns on cargo:paseto.
// The table counts only where -Z is allowed.
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

// unstableHelp is the answer to -Zhelp: the flags that have an effect here.
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

// Registry returns the registry that the command line or the configuration names.
// Like Cargo it also marks the cache of registries as a cache.
func (s *Session) Registry() (registry.Registry, error) {
	name := ""
	if s.Options.Registry != nil {
		name = *s.Options.Registry
		if err := registry.ValidateName(name); err != nil {
			return registry.Registry{}, err
		}
	} else if _, err := s.Config.Quiet().String("registry.default"); err != nil {
		// This comes before the next warning, with warnings of its own.
		_, err = s.Config.String("registry.default")
		return registry.Registry{}, err
	}
	if s.Options.Token != nil {
		s.Shell.Warn("`cargo login <token>` is deprecated in favor of reading `<token>` from stdin")
	}
	r, err := registry.Resolve(s.Config, name)
	if r != (registry.Registry{}) {
		markCache(s.Config.Home)
		s.Shell.learn = func() { s.hideConfigured(r) }
	}
	return r, err
}

// markCache makes the directory in which Cargo caches registries, and marks it for
// backups to leave out. Cargo does so whenever it opens a registry, since 1.96 even
// for a logout. A failure shows when something is to be put there.
func markCache(home string) {
	const tag = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by cargo.
# For information about cache directory tags see https://bford.info/cachedir/
`
	dir := filepath.Join(home, "registry")
	_ = os.MkdirAll(dir, 0o777)
	f, err := os.OpenFile(filepath.Join(dir, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, _ = f.WriteString(tag)
		_ = f.Close()
	}
}

// hideConfigured makes messages hide the token that is configured for a registry:
// the registry may know it from an earlier run, and send it back.
func (s *Session) hideConfigured(r registry.Registry) {
	if found, err := registry.Credentials(s.Config.Quiet(), r); err == nil && found != nil && found.Token != nil {
		s.Shell.Hide(found.Token.Val)
	}
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

// Logout is the command `logout`. It needs no network.
var Logout = &Command{
	Name:  "logout",
	About: "Remove an API token from the registry locally",
	Run: func(ctx context.Context, s *Session) error {
		r, err := s.Registry()
		if err != nil {
			return err
		}
		return s.Chain().Logout(ctx, r)
	},
}

// The Makefile sets these: version is what git describe says, such as "v1.2.3" or
// "v1.2.3-4-g0123456789ab".
var version, commit string

// Version returns the version of the programs: "1.2.3 (0123456789ab)". A program
// that was built without the Makefile has what Go knows: go install from a module
// proxy knows no commit.
func Version() string {
	number, commit := version, commit
	if info, ok := debug.ReadBuildInfo(); ok && number == "" {
		number = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = setting.Value[:min(len(setting.Value), 12)]
			}
		}
	}
	return release(number, commit)
}

// release returns the number in a described version, with the commit. Before the
// first release the number is 0.0.0.
func release(described, commit string) string {
	number, isRelease := strings.CutPrefix(described, "v")
	if !isRelease {
		number = "0.0.0"
	}
	number, _, _ = strings.Cut(number, "-g")
	number, _, _ = strings.Cut(number, "+") // before "dirty"
	// Go's own name for a commit ends with its first twelve digits.
	i := strings.LastIndexByte(number, '-') + 1
	if last := number[i:]; i > 0 && len(last) == 12 && strings.Trim(last, "0123456789abcdef") == "" {
		number, commit = number[:i-1], cmp.Or(commit, last)
	}
	if commit != "" {
		number += " (" + commit + ")"
	}
	return number
}
