package credential

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Provider gives, stores and removes the token of a registry. It is the same
// on both sides of the protocol: a program becomes a credential provider by
// implementing it and handing it to [Main], and a program that somebody
// configured is called through it, as a [Process].
//
// The errors that a caller tells apart are [ErrNotFound],
// [ErrURLNotSupported] and [ErrOperationNotSupported]. Any other error is
// shown to the user with its causes.
type Provider interface {
	// Get returns the token for an operation.
	Get(ctx context.Context, req *Request, op Operation) (*Token, error)
	// Login stores a token.
	Login(ctx context.Context, req *Request, login LoginOptions) error
	// Logout removes the stored token.
	Logout(ctx context.Context, req *Request) error
}

// Request says which registry a [Provider] is asked about.
type Request struct {
	// IndexURL is the registry's index, as Cargo spells it ("sparse+https://…/").
	IndexURL string
	// Name is the registry's name in the configuration, if it has one.
	Name string
	// Headers are the lines of the HTTP response that asked for a token, if
	// that is why it is needed.
	Headers []string
	// Args are the provider's arguments: those configured, then those after
	// "--" on the command line.
	Args []string
}

// Operation says what a token is wanted for.
type Operation struct {
	// Kind is "read", "publish", "yank", "unyank" or "owners". A provider may
	// see others: a later Cargo can add to them.
	Kind string
	// Name is the crate's name, Version its version and Checksum the SHA-256
	// of the .crate file, as far as the kind has them.
	Name, Version, Checksum string
}

// Read is the operation of reading an index or downloading a crate.
var Read = Operation{Kind: "read"}

// LoginOptions is what a login brings along.
type LoginOptions struct {
	// Token is the token to store; nil asks the provider to get it from the
	// user, see [LoginOptions.ReadToken].
	Token *config.Secret
	// LoginURL is where the user finds a token; empty if nobody knows.
	LoginURL string
}

// Cache says how long a caller may keep a [Token].
type Cache int

const (
	// CacheNever: ask again each time.
	CacheNever Cache = iota
	// CacheExpires: until the token's Expiration.
	CacheExpires
	// CacheSession: until the end of the process.
	CacheSession
)

// Token is a provider's answer to a get.
type Token struct {
	Secret config.Secret
	Cache  Cache
	// Expiration is set with [CacheExpires]. It counts in whole seconds.
	Expiration time.Time
	// OperationIndependent tokens serve every operation, not just the one
	// they were asked for.
	OperationIndependent bool
}

// TokenReader asks the user for a token. It shows the prompt, which is one
// line without a line feed, and returns the line that the user types.
type TokenReader func(ctx context.Context, prompt string) (config.Secret, error)

// ReadToken returns the token that the login brings, or else asks the user
// with Cargo's words. The answer loses white space at its ends, a token that
// the login brings does not.
func (o LoginOptions) ReadToken(ctx context.Context, req *Request, read TokenReader) (config.Secret, error) {
	if o.Token != nil {
		return *o.Token, nil
	}
	if read == nil {
		return config.Secret{}, errNoTokenReader
	}
	token, err := read(ctx, o.prompt(req))
	if err != nil {
		return config.Secret{}, err
	}
	if !utf8.ValidString(token.Expose()) {
		return config.Secret{}, errNotUTF8
	}
	return config.NewSecret(strings.TrimSpace(token.Expose())), nil
}

func (o LoginOptions) prompt(req *Request) string {
	switch {
	case o.LoginURL != "":
		return "please paste the token found on " + o.LoginURL + " below"
	case req.Name != "":
		return "please paste the token for " + req.Name + " below"
	default:
		return "please paste the token for " + req.IndexURL + " below"
	}
}
