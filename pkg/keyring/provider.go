package keyring

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

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
	// Notify tells the user what has been done, and what is missing.
	Notify func(config.Notice)
}

var _ credential.Provider = (*Provider)(nil)

// Get returns the stored token.
func (p *Provider) Get(ctx context.Context, req *credential.Request, _ credential.Operation) (*credential.Token, error) {
	var token config.Secret
	err := p.use(ctx, req, func(s Store) (err error) {
		token, err = s.Get(ctx, entry(req))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &credential.Token{Secret: token, Cache: credential.CacheSession, OperationIndependent: true}, nil
}

// Login stores the token that it is given or asks for. What cannot be a token
// is refused before anything is stored. The store is looked at first, so that
// no one is asked for a token that cannot be kept.
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
		p.say("Login", "token for `%s` saved in %s", displayName(req), where)
		return nil
	})
}

// Logout removes the stored token.
func (p *Provider) Logout(ctx context.Context, req *credential.Request) error {
	return p.use(ctx, req, func(s Store) error {
		if err := s.Delete(ctx, entry(req)); err != nil {
			return err
		}
		p.say("Logout", "token for `%s` has been removed from %s", displayName(req), s.Name())
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
	store, err := Open(ctx, options)
	if err == nil {
		err = do(store)
	}
	if errors.Is(err, ErrUnavailable) && !p.Required {
		p.notify(config.Notice{Kind: config.Warning, Text: err.Error()})
		return credential.ErrURLNotSupported
	}
	return err
}

func (p *Provider) say(verb, format string, args ...any) {
	p.notify(config.Notice{Kind: config.Status, Verb: verb, Text: fmt.Sprintf(format, args...)})
}

func (p *Provider) notify(n config.Notice) {
	if p.Notify != nil {
		p.Notify(n)
	}
}

// Print writes notices as a program does that has no colours.
func Print(w io.Writer) func(config.Notice) {
	return func(n config.Notice) {
		switch n.Kind {
		case config.Status:
			fmt.Fprintf(w, "%12s %s\n", n.Verb, n.Text)
		case config.Warning:
			fmt.Fprintf(w, "warning: %s\n", n.Text)
		}
	}
}

func entry(req *credential.Request) Entry { return Entry{IndexURL: req.IndexURL, Name: req.Name} }

// displayName is how Cargo calls the registry.
func displayName(req *credential.Request) string {
	if req.Name != "" {
		return req.Name
	}
	return req.IndexURL
}
