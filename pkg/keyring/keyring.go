// Package keyring keeps tokens in the operating system's secret store, in the
// entries that Cargo's own providers use: what either stores the other finds,
// replaces and removes. It keeps nothing but the tokens of registries.
//
// [Provider] is a credential provider over the store. What it needs to know of
// the process is handed to it:
//
//	provider := &keyring.Provider{Options: keyring.Options{Environ: os.Environ()}, Notify: keyring.Print(os.Stderr)}
//
// Linux and the BSDs have the Secret Service (GNOME Keyring, KWallet,
// KeePassXC), macOS the Keychain, Windows the Credential Manager. On Linux the
// kernel's keyring can be chosen where no Secret Service runs.
package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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

// Entry says which token is meant.
type Entry struct {
	// IndexURL is the registry's index; the token is stored under it.
	IndexURL string
	// Name is the registry's name if it has one. It is for people, who see it in
	// the label of the stored token.
	Name string
}

// labelPrefix is Cargo's, in labels and in the names of entries.
const labelPrefix = "cargo-registry:"

// Store keeps tokens in one secret store. Its errors are
// [credential.ErrNotFound], one that is [ErrUnavailable], or a failure that the
// user must see: only after the first two may another store be asked.
type Store interface {
	// Name is how people call the store.
	Name() string
	// Get returns a stored token.
	Get(ctx context.Context, e Entry) (config.Secret, error)
	// Set stores a token, in place of an older one.
	Set(ctx context.Context, e Entry, token config.Secret) error
	// Delete removes a stored token.
	Delete(ctx context.Context, e Entry) error
	// Locked reports whether a person has to unlock the store before it can be
	// used.
	Locked(ctx context.Context) (bool, error)
}

// A forgetful store says what makes it forget its tokens.
type forgetful interface{ forgets() string }

var (
	// ErrUnavailable says that there is no such store here. A provider leaves
	// the registry to the next one then.
	ErrUnavailable = errors.New("the secret store is not available")
	// ErrNoAnswer says that the store is here, and does not answer in time. It
	// is a failure: the token may well be there.
	ErrNoAnswer = errors.New("the secret store does not answer")
)

// outcome is an [ErrUnavailable] or an [ErrNoAnswer] that says why.
type outcome struct {
	error
	kind error
}

func (o outcome) Unwrap() []error { return []error{o.kind, o.error} }

func unavailablef(format string, args ...any) error {
	return outcome{fmt.Errorf(format, args...), ErrUnavailable}
}

// The names of backends in [Options].
const (
	SecretService = "secret-service"
	Keyutils      = "keyutils"
)

// Options choose a store.
type Options struct {
	// Backend is the system's own store if it is empty, or [SecretService] or
	// [Keyutils].
	Backend string
	// Fallback may be [Keyutils]: the backend where the system's own store is
	// unavailable.
	Fallback string
	// Environ is the environment, which says where the Secret Service is.
	Environ []string
	// UnlockTimeout is how long a person has to unlock a store; 0 is a minute.
	UnlockTimeout time.Duration
	// CanPrompt reports whether a person could do that, see [CanPrompt]; nil is
	// that none could. It is asked when one has to.
	CanPrompt func() bool

	seen *seen
}

// seen is what has answered since a provider runs, or a store is open. That it
// is gone then is a failure: the token may be in it.
type seen struct{ service, collection atomic.Bool }

// patience is how long a store may take that is not locked.
const patience = 2 * time.Second

// Open returns the store that the options name. Whether it can be reached shows
// when it is used, or with a fallback at once.
func Open(ctx context.Context, o Options) (Store, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.UnlockTimeout = cmp.Or(o.UnlockTimeout, time.Minute)
	o.seen = cmp.Or(o.seen, &seen{})
	store := open(o)
	if o.Fallback == "" || o.Backend != "" {
		return store, nil
	}
	_, err := store.Locked(ctx)
	if errors.Is(err, ErrUnavailable) {
		return open(Options{Backend: o.Fallback}), nil
	}
	return store, err
}

// Validate returns what is wrong with the options: a store that this system does
// not have, or a time that has passed.
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

// CanPrompt reports whether there is a person who could unlock a store: a
// display for the desktop's prompt, or a terminal.
func CanPrompt(environ []string) bool {
	wayland, _ := system.LookupEnv(environ, "WAYLAND_DISPLAY")
	x11, _ := system.LookupEnv(environ, "DISPLAY")
	return wayland != "" || x11 != "" || terminal.Present()
}

// Provider is a credential provider that keeps tokens in a [Store].
type Provider struct {
	Options Options
	// Arguments, unless it is nil, returns the options for a request with these
	// arguments, in place of Options.
	Arguments func(args []string) (Options, error)
	// ReadToken asks the user for the token of a login that brings none; nil is
	// [credential.Terminal].
	ReadToken credential.TokenReader
	// Required makes it an error that there is no store, as Cargo's own
	// providers do. Otherwise the user is told, and the next provider gets its
	// turn.
	Required bool
	// Notify tells the user what has been done, and once what is missing.
	Notify func(config.Message)

	missing sync.Once
	seen    seen
}

var _ credential.Provider = (*Provider)(nil)

// Get returns the stored token.
func (p *Provider) Get(ctx context.Context, req *credential.Request, _ credential.Operation) (*credential.Token, error) {
	var token config.Secret
	err := p.use(ctx, req, func(s Store) (err error) {
		token, err = s.Get(ctx, entry(req))
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

// Login stores the token that it is given or asks for. The store is looked at
// first, so that no one is asked for a token that cannot be kept.
func (p *Provider) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	return p.use(ctx, req, func(s Store) error {
		if _, err := s.Locked(ctx); err != nil {
			return err
		}
		read := p.ReadToken
		if read == nil {
			read = credential.Terminal
		}
		token, err := login.ReadToken(ctx, req, read)
		if err != nil {
			return err
		}
		token = credential.Unpasted(token)
		if err := credential.CheckToken(token); err != nil {
			return err
		}
		if err := s.Set(ctx, entry(req), token); err != nil {
			return err
		}
		where := s.Name()
		if s, ok := s.(forgetful); ok {
			where += ", until " + s.forgets()
		}
		p.notify(config.Status, "Login", fmt.Sprintf("token for `%s` saved in %s", cmp.Or(req.Name, req.IndexURL), where))
		return nil
	})
}

// Logout removes the stored token.
func (p *Provider) Logout(ctx context.Context, req *credential.Request) error {
	return p.use(ctx, req, func(s Store) error {
		if err := s.Delete(ctx, entry(req)); err != nil {
			return err
		}
		p.notify(config.Status, "Logout", fmt.Sprintf("token for `%s` has been removed from %s", cmp.Or(req.Name, req.IndexURL), s.Name()))
		return nil
	})
}

// use opens the store and does something with it.
func (p *Provider) use(ctx context.Context, req *credential.Request, do func(Store) error) (err error) {
	options := p.Options
	if p.Arguments != nil {
		if options, err = p.Arguments(req.Args); err != nil {
			return err
		}
	}
	options.seen = &p.seen
	store, err := Open(ctx, options)
	if err == nil {
		err = do(store)
	}
	if errors.Is(err, ErrUnavailable) && !p.Required {
		p.missing.Do(func() { p.notify(config.Warning, "", err.Error()) })
		return credential.ErrURLNotSupported
	}
	return err
}

func (p *Provider) notify(kind config.MessageKind, verb, text string) {
	if p.Notify != nil {
		p.Notify(config.Message{Kind: kind, Verb: verb, Text: text})
	}
}

// Print writes notices as a program does that has no colours.
func Print(w io.Writer) func(config.Message) {
	return func(n config.Message) {
		switch n.Kind {
		case config.Status:
			fmt.Fprintf(w, "%12s %s\n", n.Verb, n.Text)
		case config.Warning:
			fmt.Fprintf(w, "warning: %s\n", n.Text)
		}
	}
}

func entry(req *credential.Request) Entry { return Entry{IndexURL: req.IndexURL, Name: req.Name} }
