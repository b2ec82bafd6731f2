package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Chain asks the providers that Cargo's configuration names for a registry,
// one after the other, as Cargo does. What it tells the user goes to the
// configuration's Notify.
//
// It keeps tokens as long as their providers allow, so use one Chain for one
// run of a program. It must not be used by several goroutines at once.
type Chain struct {
	Config *config.Config
	// AsymmetricTokens is Cargo's unstable -Zasymmetric-token.
	AsymmetricTokens bool
	// Keys is the cryptography of cargo:paseto, [paseto.Keys]; without it that
	// provider can do nothing but remove a key.
	//
	// [paseto.Keys]: https://pkg.go.dev/github.com/cargo-auth/cargo-auth/pkg/credential/paseto#Keys
	Keys AsymmetricKeys
	// ReadToken asks the user for the token of a login that brings none. If it
	// is nil, such a login fails.
	ReadToken TokenReader
	// Stdin is the standard input of a command that cargo:token-from-stdout
	// runs; nil is the null device. An *os.File is handed to it as it is.
	Stdin io.Reader
	// Stderr is the standard error of provider programs. An *os.File is handed
	// to them as it is; nil is the null device.
	Stderr io.Writer
	// BuiltIn holds providers under their names in the configuration, such as
	// "cargo:libsecret". They go before those that this package has.
	BuiltIn map[string]Provider
	// Now is asked whether a kept token has expired, and when cargo:paseto signs
	// one. If it is nil, tokens that expire are not kept, and none is signed.
	Now func() time.Time

	// configured holds, by canonical index URL, what is configured for a
	// registry.
	configured map[string]*config.RegistryConfig
	// tokens holds, by canonical index URL, what may be kept.
	tokens map[string]*Token
}

// Login has the first provider that serves the registry store a token. args
// are given to the provider after those that are configured.
func (c *Chain) Login(ctx context.Context, r registry.Registry, o LoginOptions, args []string) error {
	delete(c.tokens, r.Canonical())
	call := call{action: kindLogin, args: args}
	return c.try(ctx, r, call, func(p Provider, req *Request) error { return p.Login(ctx, req, o) })
}

// Logout has the first provider that has a token for the registry remove it.
// That none has one is no error; the user is told.
func (c *Chain) Logout(ctx context.Context, r registry.Registry) error {
	delete(c.tokens, r.Canonical())
	err := c.try(ctx, r, call{action: kindLogout}, func(p Provider, req *Request) error { return p.Logout(ctx, req) })
	if err == ErrNotFound {
		c.status(config.Status, "Logout", "not currently logged in to `%s`", r.DisplayName())
		return nil
	}
	return err
}

// Get returns the token for an operation. headers are the lines of the HTTP
// response that asked for one, if there was such a response. requireConfigured
// is Cargo's rule for such a response: a token is sent only if somebody chose
// the provider, else the error is [ErrNotConfigured].
//
// The error is [ErrNotFound] if no provider has a token.
func (c *Chain) Get(ctx context.Context, r registry.Registry, op Operation, headers []string, requireConfigured bool) (*Token, error) {
	if token := c.kept(r, op); token != nil {
		return token, nil
	}
	var token *Token
	call := call{action: kindGet, headers: headers, requireConfigured: requireConfigured}
	err := c.try(ctx, r, call, func(p Provider, req *Request) (err error) {
		token, err = p.Get(ctx, req, op)
		if token == nil && err == nil {
			return ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c.keep(r, token)
	return token, nil
}

// keep keeps a token for as long as its provider allows.
func (c *Chain) keep(r registry.Registry, token *Token) {
	if token.Cache == CacheNever || token.Cache == CacheExpires && c.Now == nil {
		return
	}
	if c.tokens == nil {
		c.tokens = map[string]*Token{}
	}
	kept := *token
	c.tokens[r.Canonical()] = &kept
}

// expiryMargin is how long before its end a token is not used any more.
const expiryMargin = time.Minute

// kept returns a token that an earlier call got; nil if there is none.
func (c *Chain) kept(r registry.Registry, op Operation) *Token {
	token := c.tokens[r.Canonical()]
	if token == nil {
		return nil
	}
	if token.Cache == CacheExpires && !c.Now().Add(expiryMargin).Before(token.Expiration) {
		delete(c.tokens, r.Canonical())
		return nil
	}
	// A token that is not for every operation serves reading at least.
	if !token.OperationIndependent && op.Kind != Read.Kind {
		return nil
	}
	copied := *token
	return &copied
}

// call is what the providers of a chain are asked.
type call struct {
	action            string
	headers           []string
	args              []string
	requireConfigured bool
}

// try asks one provider after the other until one neither says that the
// registry is not its own nor that it has no token.
func (c *Chain) try(ctx context.Context, r registry.Registry, call call, ask func(Provider, *Request) error) error {
	providers, err := c.providers(r, call.requireConfigured)
	if err != nil {
		return err
	}
	anyNotFound := false
	for _, entry := range providers {
		provider, err := c.provider(entry.Name, r)
		if err != nil {
			return err
		}
		args := slices.Concat(entry.Args, call.args)
		line := strings.Join(append([]string{entry.Name}, args...), " ")
		c.status(config.VerboseStatus, "Credential", "%s %s %s", line, call.action, r.DisplayName())
		err = ask(provider, &Request{IndexURL: r.Index, Name: r.Name, Headers: call.headers, Args: args})
		var unexpected *unexpectedResponse
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !continues(err) && !errors.As(err, &unexpected):
			return fmt.Errorf("credential provider `%s` failed action `%s`: %w", line, call.action, err)
		case unexpected != nil:
			return unexpected
		case errors.Is(err, ErrNotFound):
			anyNotFound = true
		}
	}
	if anyNotFound {
		return ErrNotFound
	}
	return ErrNoProvider
}

// continues reports whether the next provider is asked after an error.
func continues(err error) bool {
	return errors.Is(err, ErrURLNotSupported) || errors.Is(err, ErrNotFound)
}

// status tells the user what is being done.
func (c *Chain) status(kind config.NoticeKind, verb, format string, args ...any) {
	if c.Config.Notify != nil {
		c.Config.Notify(config.Notice{Kind: kind, Verb: verb, Text: fmt.Sprintf(format, args...)})
	}
}

func (c *Chain) warn(format string, args ...any) { c.Config.Notice(config.Warning, format, args...) }
