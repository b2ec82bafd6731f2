// Package keyring keeps the tokens of registries in the operating system's secret
// store. It uses the same entries as Cargo's own providers: what one of them
// stores, the other finds, replaces and removes.
//
// [New] returns a credential provider, for a [credential.Chain] or for the main
// function of a program:
//
//	credential.Main(keyring.New(keyring.Options{Environ: os.Environ(), MayPrompt: true}))
//
// Linux and the BSDs have the Secret Service (GNOME Keyring, KWallet, KeePassXC),
// macOS has the Keychain, and Windows the Credential Manager. On Linux the kernel's
// keyring can take its place if no Secret Service runs.
package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// Store keeps tokens by the URL of the registry's index. A method returns
// [credential.ErrNotFound], an error that is [ErrUnavailable], or a failure that the
// user must see. Only after the first two may another store be asked.
type Store interface {
	// Name is what people call the store.
	Name() string
	// Get returns a stored token.
	Get(ctx context.Context, indexURL string) (config.Secret, error)
	// Set stores a token, and replaces an older one. People see the registry's name
	// in the label of the entry; it may be empty.
	Set(ctx context.Context, indexURL, name string, token config.Secret) error
	// Delete removes a stored token.
	Delete(ctx context.Context, indexURL string) error
	// Locked reports whether a person must unlock the store before it can be used.
	Locked(ctx context.Context) (bool, error)
}

// labelPrefix begins Cargo's labels and names of entries.
const labelPrefix = "cargo-registry:"

var (
	// ErrUnavailable means that this system has no such store. A provider then
	// passes the turn on.
	ErrUnavailable = errors.New("the secret store is not available")
	// ErrNoAnswer means that the store exists but does not answer in time. That is
	// a failure, since it may have the token.
	ErrNoAnswer = errors.New("the secret store does not answer")
)

// outcome is [ErrUnavailable] or [ErrNoAnswer] with the reason.
type outcome struct {
	error
	kind error
}

func (o outcome) Unwrap() []error { return []error{o.kind, o.error} }

func unavailablef(format string, args ...any) error {
	return outcome{fmt.Errorf(format, args...), ErrUnavailable}
}

// The backends that [Options] can name.
const (
	SecretService = "secret-service"
	Keyutils      = "keyutils"
)

// Options choose a store. The last four are for a provider only.
type Options struct {
	// Backend is [SecretService], [Keyutils], or empty for the system's own store.
	Backend string
	// Fallback may be [Keyutils]: the store to use if the system's own is
	// unavailable.
	Fallback string
	// Environ is the environment. It tells where the Secret Service is.
	Environ []string
	// UnlockTimeout is how long a person has to unlock the store; 0 means a minute.
	UnlockTimeout time.Duration
	// MayPrompt lets the store ask a person to unlock it, if there is a display or
	// a terminal.
	MayPrompt bool

	// Arguments returns the options for a request from the provider's arguments.
	// They choose the store instead of the fields above.
	Arguments func(args []string) (Options, error)
	// ReadToken asks the user for the token of a login that brings none; nil is
	// [credential.Terminal].
	ReadToken credential.TokenReader
	// Required makes an unavailable store an error, as Cargo's own providers do.
	// Otherwise the provider warns once and passes the turn on.
	Required bool
	// Notify tells the user what was done.
	Notify func(config.Message)

	seen *seen
}

// seen notes what has answered since the provider or the store was made. If it
// disappears later, that is a failure, since it may have the token.
type seen struct{ service, collection atomic.Bool }

// patience is how long a store that is not locked may take.
const patience = 2 * time.Second

// Open returns the store that the options choose. With a fallback it connects at
// once to find out which of the two that is.
func Open(ctx context.Context, o Options) (Store, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.UnlockTimeout = cmp.Or(o.UnlockTimeout, time.Minute)
	o.seen = cmp.Or(o.seen, &seen{})
	store := open(&o)
	if o.Fallback == "" || o.Backend != "" {
		return store, nil
	}
	_, err := store.Locked(ctx)
	if errors.Is(err, ErrUnavailable) {
		return open(&Options{Backend: o.Fallback}), nil
	}
	return store, err
}

// Validate returns an error if this system does not have the store, or if the
// timeout is negative.
func (o Options) Validate() error {
	if o.Backend != "" && !slices.Contains(backends, o.Backend) {
		return fmt.Errorf("unknown backend `%s`; this system has %s", o.Backend, cmp.Or(strings.Join(backends, " and "), "no others than its own"))
	}
	if o.Fallback != "" && (o.Fallback != Keyutils || !slices.Contains(backends, Keyutils)) {
		return fmt.Errorf("unknown fallback `%s`; there is `%s`, on Linux", o.Fallback, Keyutils)
	}
	if o.UnlockTimeout < 0 {
		return fmt.Errorf("the time to unlock the store cannot be %v", o.UnlockTimeout)
	}
	return nil
}

// canPrompt reports whether a person can be asked to unlock the store.
func (o *Options) canPrompt() bool {
	wayland, _ := system.LookupEnv(o.Environ, "WAYLAND_DISPLAY")
	x11, _ := system.LookupEnv(o.Environ, "DISPLAY")
	return o.MayPrompt && (wayland != "" || x11 != "" || terminal.Present())
}

// CargoProvider returns the name of Cargo's own provider for this system's store;
// empty if Cargo has none.
func CargoProvider() string {
	switch runtime.GOOS {
	case "linux":
		return "cargo:libsecret"
	case "darwin":
		return "cargo:macos-keychain"
	case "windows":
		return "cargo:wincred"
	}
	return ""
}

// New returns a credential provider that keeps tokens in a [Store]. It opens the
// store for each request.
func New(o Options) credential.Provider {
	if o.Notify == nil {
		o.Notify = func(config.Message) {}
	}
	o.seen = &seen{}
	return &provider{options: o}
}

type provider struct {
	options Options
	missing sync.Once
}

func (p *provider) Get(ctx context.Context, req *credential.Request, _ credential.Operation) (*credential.Token, error) {
	var token config.Secret
	err := p.use(ctx, req, func(s Store) (err error) {
		token, err = s.Get(ctx, req.IndexURL)
		if err == nil && !utf8.ValidString(token.Expose()) {
			return fmt.Errorf("what %s holds for `%s` is not valid UTF-8", s.Name(), cmp.Or(req.Name, req.IndexURL))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &credential.Token{Secret: token, Cache: credential.CacheSession, OperationIndependent: true}, nil
}

func (p *provider) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	return p.use(ctx, req, func(s Store) error {
		// Do not ask for a token that cannot be stored.
		if _, err := s.Locked(ctx); err != nil {
			return err
		}
		read := p.options.ReadToken
		if read == nil {
			read = credential.Terminal
		}
		token, err := login.ReadToken(ctx, req, read)
		if err != nil {
			return err
		}
		if err := s.Set(ctx, req.IndexURL, req.Name, token); err != nil {
			return err
		}
		where := s.Name()
		if s, ok := s.(forgetful); ok {
			where += ", until " + s.forgets()
		}
		p.say("Login", "token for `%s` saved in %s", cmp.Or(req.Name, req.IndexURL), where)
		return nil
	})
}

// A forgetful store says when it loses its tokens.
type forgetful interface{ forgets() string }

func (p *provider) Logout(ctx context.Context, req *credential.Request) error {
	return p.use(ctx, req, func(s Store) error {
		if err := s.Delete(ctx, req.IndexURL); err != nil {
			return err
		}
		p.say("Logout", "token for `%s` has been removed from %s", cmp.Or(req.Name, req.IndexURL), s.Name())
		return nil
	})
}

// use opens the store for a request.
func (p *provider) use(ctx context.Context, req *credential.Request, do func(Store) error) (err error) {
	options := p.options
	if p.options.Arguments != nil {
		if options, err = p.options.Arguments(req.Args); err != nil {
			return err
		}
		options.seen = p.options.seen
	}
	store, err := Open(ctx, options)
	if err == nil {
		err = do(store)
	}
	if errors.Is(err, ErrUnavailable) && !p.options.Required {
		p.missing.Do(func() { p.options.Notify(config.Message{Kind: config.Warning, Text: err.Error()}) })
		return credential.ErrURLNotSupported
	}
	return err
}

func (p *provider) say(verb, format string, args ...any) {
	p.options.Notify(config.Message{Kind: config.Status, Verb: verb, Text: fmt.Sprintf(format, args...)})
}
