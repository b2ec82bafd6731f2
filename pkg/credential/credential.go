// Package credential asks credential providers for the token of a registry,
// and lets a program be one. It speaks Cargo's credential-provider protocol
// from both sides: [Process] runs a provider that is configured, and
// [Main] is all that the main function of a provider calls. [Chain] asks the
// providers that Cargo's configuration names, in Cargo's order.
//
// It stores tokens in no place of its own: the built-in provider cargo:token
// writes Cargo's credentials file through package config.
//
// A program that wants the token Cargo would send:
//
//	token, err := credential.Lookup(ctx, cfg, "my-registry", credential.Read)
//
// A program that is a provider:
//
//	func main() { credential.Main(store{}) }
package credential

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Provider gives, stores and removes the token of a registry. It is the same
// on both sides of the protocol: a program becomes a credential provider by
// implementing it and handing it to [Main], and a program that is
// configured as one is called through it, as a [Process].
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
	// LoginURL is where the user finds a token; empty if it is not known.
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
		return config.Secret{}, errors.New("a token is needed, and no way to ask for it")
	}
	prompt := "please paste the token for " + cmp.Or(req.Name, req.IndexURL) + " below"
	if o.LoginURL != "" {
		prompt = "please paste the token found on " + o.LoginURL + " below"
	}
	token, err := read(ctx, prompt)
	if err != nil {
		return config.Secret{}, err
	}
	if !utf8.ValidString(token.Expose()) {
		return config.Secret{}, errNotUTF8
	}
	return config.NewSecret(strings.TrimSpace(token.Expose())), nil
}

// Terminal is a [TokenReader] that asks the person at the terminal, whatever
// standard input and output are. What is typed is not shown. It is how a
// provider asks, whose standard input and output are the protocol's.
func Terminal(ctx context.Context, prompt string) (config.Secret, error) {
	text, err := terminal.Ask(ctx, prompt)
	var notOpened *fs.PathError
	switch {
	case err == nil:
		return config.NewSecret(text), nil
	case ctx.Err() != nil:
		return config.Secret{}, err
	case errors.As(err, &notOpened) && notOpened.Op == "open":
		return config.Secret{}, fmt.Errorf("there is no terminal to ask for a token: %w", system.Error(err))
	}
	return config.Secret{}, fmt.Errorf("cannot read a token from the terminal: %w", system.Error(err))
}

// CheckToken returns an error unless the token can be sent in an HTTP header:
// it must not be empty, and consist of printable ASCII and tabs. Cargo checks
// this before it stores a token and before it sends one; what it says of
// ISO-8859-1 is wider than what it takes.
func CheckToken(token config.Secret) error {
	text := token.Expose()
	if text == "" {
		return errors.New("please provide a non-empty token")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && (r < 0x20 || r > 0x7e) }) {
		return errors.New("token contains invalid characters.\n" +
			"Only printable ISO-8859-1 characters are allowed as it is sent in a HTTPS header.")
	}
	return nil
}

// Unpasted removes what is copied along from a registry's web page, which
// shows the token as part of a command.
func Unpasted(token config.Secret) config.Secret {
	return config.NewSecret(strings.TrimSpace(strings.ReplaceAll(token.Expose(), "cargo login", "")))
}

// The errors of the protocol that a caller tells apart, in Cargo's words.
var (
	// ErrNotFound says that no token is stored. The caller tries the next
	// provider and remembers that one was asked.
	ErrNotFound = errors.New("credential not found")
	// ErrURLNotSupported says that the provider does not serve this registry.
	// The caller tries the next provider.
	ErrURLNotSupported = errors.New("registry not supported")
	// ErrOperationNotSupported says that the provider cannot do this. The
	// caller stops and reports it.
	ErrOperationNotSupported = errors.New("requested operation not supported")
	// ErrUnknownKind stands for an error of a kind that this version does not
	// know. The caller stops and reports it.
	ErrUnknownKind = errors.New("unknown error kind; try updating Cargo?")
	// ErrNoProvider says that every provider that was asked answered
	// [ErrURLNotSupported].
	ErrNoProvider = errors.New("no credential providers could handle the request")
	// ErrNotConfigured says that a registry asks for a token to read its
	// index, and that no provider is configured that may send it one.
	ErrNotConfigured = errors.New("authenticated registries require a credential-provider to be configured\n" +
		"see https://doc.rust-lang.org/cargo/reference/registry-authentication.html for details")
)

// Layers returns the texts by which Cargo shows an error: its own, and that of
// each of its causes. An error that wraps another one ends with ": " and the
// other's text, which is taken off; one that adds nothing is left out.
func Layers(err error) []string {
	var layers []string
	for err != nil {
		text, cause := err.Error(), errors.Unwrap(err)
		if cause == nil {
			return append(layers, text)
		}
		if text != cause.Error() {
			layers = append(layers, strings.TrimSuffix(text, ": "+cause.Error()))
		}
		err = cause
	}
	return layers
}
