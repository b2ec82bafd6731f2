package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Session is what a command runs in: its options, the configuration with
// --config laid over it, and the shell set up as both say.
type Session struct {
	Options  Options
	Config   *config.Config
	Shell    *Shell
	Unstable Unstable
	// Offline is set by --offline and by `net.offline`.
	Offline bool
}

// A Run is what a command does once its options and the configuration are read.
type Run func(context.Context, *Session) error

// Main runs a command as a program, or answers a shell that completes its
// command line, and returns the exit status.
func Main(command Command, run Run) int {
	if len(os.Args) > 1 && os.Args[1] == completeRequest {
		NoCoreDump()
		os.Stdout.WriteString(command.complete(os.Args[2:], os.Environ()))
		return 0
	}
	return start(command, run, func(environ []string) (Options, error) {
		return command.parse(os.Args[1:], environ)
	})
}

// Fail shows why a program does nothing and returns its exit status.
func Fail(err error) int {
	return start(Command{}, nil, func([]string) (Options, error) { return Options{}, err })
}

// start runs a command in this process.
func start(command Command, run Run, parse func(environ []string) (Options, error)) int {
	NoCoreDump()
	// A run is over before collecting its garbage pays.
	debug.SetGCPercent(400)
	environ := os.Environ()
	s := &Session{Shell: NewShell(os.Stdout, os.Stderr, environ)}
	return s.main(command, run, environ, parse)
}

// main runs a command whose command line parse reads.
func (s *Session) main(command Command, run Run, environ []string, parse func(environ []string) (Options, error)) int {
	if err := s.open(environ); err != nil {
		return s.Shell.Report(err)
	}
	// Errors in the configuration do not stop a usage error or --help.
	if term, err := s.Config.Term(); err == nil {
		s.Shell.colorAnswers(term.Color)
	}
	ctx, died := UntilSignal()
	err := s.run(ctx, command, run, environ, parse)
	died()
	return s.Shell.Report(err)
}

func (s *Session) run(ctx context.Context, command Command, run Run, environ []string, parse func(environ []string) (Options, error)) (err error) {
	if s.Options, err = parse(environ); err != nil {
		return err
	}
	if err := s.configure(environ, command); err != nil {
		return err
	}
	return run(ctx, s)
}

// open takes the configuration of the current directory.
func (s *Session) open(environ []string) (err error) {
	s.Config, err = s.Shell.OpenConfig(environ)
	return err
}

// OpenConfig returns the configuration of the current directory, of which
// nothing has been read yet. Its notices are shown.
func (s *Shell) OpenConfig(environ []string) (*config.Config, error) {
	return openConfig(environ, s.Notify)
}

func openConfig(environ []string, notify func(config.Notice)) (*config.Config, error) {
	dir, err := workingDirectory()
	if err != nil {
		return nil, fmt.Errorf("couldn't get the current directory of the process: %w", config.OSError(err))
	}
	home, err := config.HomeDir(dir, environ)
	if err != nil {
		return nil, err
	}
	return config.New(config.Options{Dir: dir, Home: home, Environ: environ, Notify: notify}), nil
}

// configure does what Cargo does between its command line and a command, in
// Cargo's order, which decides what is reported if several things are wrong.
func (s *Session) configure(environ []string, command Command) error {
	o := s.Options
	if o.Dir != nil {
		if err := os.Chdir(*o.Dir); err != nil {
			return fmt.Errorf("could not change to requested directory: %w", config.OSError(err))
		}
		if err := s.open(environ); err != nil {
			return err
		}
		if err := s.Config.Read(); err != nil {
			return err
		}
	}
	if s.hasAlias(command.Name) {
		s.Config.Notice(config.Warning, "user-defined alias `%s` is ignored, because it is shadowed by a built-in command", command.Name)
	}
	if o.asksUnstableHelp() {
		return unstableHelp(o.Channel)
	}
	_, warnings, err := parseUnstable(o.Unstable, o.Channel, nil)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		s.Config.Notice(config.Warning, "%s", warning)
	}
	if err := s.Config.Override(o.Config); err != nil {
		return err
	}
	if s.Unstable, err = s.unstable(); err != nil {
		return err
	}
	if err := s.setUpShell(); err != nil {
		return err
	}
	s.Offline = o.Offline
	if !s.Offline {
		net, err := s.Config.Net()
		s.Offline = err == nil && net.Offline != nil && *net.Offline
	}
	// Cargo reads [http] here, for git; its errors matter to those who use it.
	_, _ = s.Config.HTTP()
	return nil
}

// unstable lays the command line's unstable flags over the table [unstable],
// which counts where such flags are allowed. The table may say which flags the
// command line may name, so they are read again.
func (s *Session) unstable() (Unstable, error) {
	if !s.Options.Channel.Unstable() {
		return Unstable{}, nil
	}
	var keys []config.UnstableKey
	for _, f := range unstableFlags {
		keys = append(keys, f.key())
	}
	configured, err := s.Config.Unstable(keys)
	if err != nil {
		return Unstable{}, err
	}
	allowed := configured.Lists["allow-features"]
	slices.Sort(allowed)
	u, _, err := parseUnstable(s.Options.Unstable, s.Options.Channel, slices.Compact(allowed))
	if err != nil {
		return Unstable{}, err
	}
	u.AsymmetricToken = u.AsymmetricToken || configured.Flags["asymmetric-token"]
	u.UnstableOptions = u.UnstableOptions || configured.Flags["unstable-options"]
	return u, nil
}

// hasAlias reports whether the configuration has an alias of that name, with
// any words in it.
func (s *Session) hasAlias(name string) bool {
	alias, err := s.Config.String("alias." + name)
	if err != nil {
		list, err := s.Config.Strings("alias." + name)
		return err == nil && len(list) > 0
	}
	return alias != nil && strings.TrimSpace(alias.Val) != ""
}

// setUpShell sets verbosity and colour: the options come before [term], which
// is ignored as a whole if any of it is malformed.
func (s *Session) setUpShell() error {
	o := s.Options
	term, err := s.Config.Term()
	if err != nil {
		term = config.Term{}
	}
	verbosity := Normal
	verbose, quiet := o.Verbose > 0, o.Quiet
	isSet := func(flag *bool) bool { return flag != nil && *flag }
	switch {
	case verbose && quiet:
		return fmt.Errorf("cannot set both --verbose and --quiet")
	case verbose:
		verbosity = Verbose
	case quiet:
		verbosity = Quiet
	case isSet(term.Verbose) && isSet(term.Quiet):
		return fmt.Errorf("cannot set both `term.verbose` and `term.quiet`")
	case isSet(term.Verbose):
		verbosity = Verbose
	case isSet(term.Quiet):
		verbosity = Quiet
	}
	s.Shell.verbosity = verbosity
	s.Shell.setProgress(term)
	color := o.Color
	if color == nil {
		color = term.Color
	}
	return s.Shell.SetColor(color)
}

// Registry returns the name given with --registry, which it checks, or else
// that of the default registry; nil if there is neither.
func (s *Session) Registry() (*string, error) {
	if given := s.Options.Registry; given != nil {
		return given, registry.ValidateName(*given)
	}
	byDefault, err := s.Config.String("registry.default")
	if err != nil || byDefault == nil {
		return nil, err
	}
	return &byDefault.Val, nil
}
