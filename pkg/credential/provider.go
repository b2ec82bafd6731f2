package credential

import (
	"context"
	"errors"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Provider gives, stores and removes the token of a registry. It is the same
// on both sides of the protocol: a program becomes a credential provider by
// implementing it, and a program that somebody configured is called through
// it.
//
// The errors that a caller tells apart are [ErrNotFound],
// [ErrURLNotSupported] and [ErrOperationNotSupported].
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
	// Kind is "read", "publish", "yank", "unyank" or "owners".
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
	// user.
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
	// Expiration is set with [CacheExpires].
	Expiration time.Time
	// OperationIndependent tokens serve every operation, not just the one
	// they were asked for.
	OperationIndependent bool
}

var (
	// ErrNotFound says that no token is stored. The caller tries the next
	// provider and remembers that one was asked.
	ErrNotFound = errors.New("credential not found")
	// ErrURLNotSupported says that the provider does not serve this registry.
	// The caller tries the next provider.
	ErrURLNotSupported = errors.New("url not supported")
	// ErrOperationNotSupported says that the provider cannot do this. The
	// caller stops and reports it.
	ErrOperationNotSupported = errors.New("operation not supported")
)
