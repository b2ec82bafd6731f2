// Package credential asks credential providers for the tokens of registries, and
// lets a program be a credential provider. It speaks Cargo's credential-provider
// protocol on both sides. It stores nothing itself: the built-in provider
// cargo:token writes Cargo's credentials file through package config.
//
// A program that wants the token that Cargo would send asks a [Chain]:
//
//	chain := &credential.Chain{Config: cfg}
//	token, err := chain.Token(ctx, "my-registry", credential.Read())
//
// A program that is a provider implements [Provider] and calls [Main]:
//
//	func main() { credential.Main(store{}) }
package credential

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Provider returns, stores and removes the token of a registry. It is the same
// interface on both sides of the protocol: [Main] serves one, and [Process] calls
// another program as one.
//
// A caller tells apart [ErrNotFound], [ErrURLNotSupported] and
// [ErrOperationNotSupported]. It shows any other error to the user, with its
// causes.
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
	// IndexURL is the URL of the registry's index as Cargo writes it, such as
	// "sparse+https://registry.example/index/".
	IndexURL string
	// Name is the registry's name in the configuration, if it has one.
	Name string
	// Headers are the header lines of the HTTP response that asked for a token,
	// if one did.
	Headers []string
	// Args are the provider's arguments: first those in the configuration, then
	// those after "--" on the command line.
	Args []string
}

// Operation says what a token is for. Callers make one with [Read], [Publish],
// [Yank], [Unyank], [Owners] or [Any].
type Operation struct {
	// Kind is "read", "publish", "yank", "unyank" or "owners". A provider must
	// expect others, which a later version of Cargo may add.
	Kind string
	// Name and Version are the crate's, and Checksum is the SHA-256 of its .crate
	// file, for the kinds that have them.
	Name, Version, Checksum string

	any bool
}

const (
	kindRead    = "read"
	kindPublish = "publish"
	kindYank    = "yank"
	kindUnyank  = "unyank"
	kindOwners  = "owners"
)

// Read is for reading the index and downloading crates.
func Read() Operation { return Operation{Kind: kindRead} }

// Publish is for publishing a version of a crate. The checksum is the SHA-256 of
// the .crate file in hexadecimal.
func Publish(name, version, checksum string) Operation {
	return Operation{Kind: kindPublish, Name: name, Version: version, Checksum: checksum}
}

// Yank is for yanking a version of a crate.
func Yank(name, version string) Operation {
	return Operation{Kind: kindYank, Name: name, Version: version}
}

// Unyank is for taking back a yank.
func Unyank(name, version string) Operation {
	return Operation{Kind: kindUnyank, Name: name, Version: version}
}

// Owners is for showing or changing the owners of a crate.
func Owners(name string) Operation { return Operation{Kind: kindOwners, Name: name} }

// Any is for a caller that does not know what the token will be used for. The
// provider is asked as for [Read], and a token that does not serve every operation
// is an error.
func Any() Operation { return Operation{Kind: kindRead, any: true} }

// LoginOptions is what a [Provider] needs for a login besides the [Request].
type LoginOptions struct {
	// Token is the token to store. If it is nil, the provider gets one from the
	// user; see [LoginOptions.ReadToken].
	Token *config.Secret
	// LoginURL is the page where the user finds a token; empty if unknown.
	LoginURL string
}

// TokenReader asks the user for a token. It shows the prompt, a line without a
// line feed, and returns the line that the user types.
type TokenReader func(ctx context.Context, prompt string) (config.Secret, error)

// ReadToken returns the token to store: the one that the login brings, or else the
// one that the user types at Cargo's prompt. It removes white space at the ends and
// the words "cargo login", since registries show tokens as part of that command,
// and checks the token with [CheckToken].
func (o LoginOptions) ReadToken(ctx context.Context, req *Request, read TokenReader) (config.Secret, error) {
	var token config.Secret
	switch {
	case o.Token != nil:
		token = *o.Token
	case read == nil:
		return token, errors.New("a token is needed, but this program cannot ask for one")
	default:
		prompt := "please paste the token for " + cmp.Or(req.Name, req.IndexURL) + " below"
		if o.LoginURL != "" {
			prompt = "please paste the token found on " + o.LoginURL + " below"
		}
		var err error
		if token, err = read(ctx, prompt); err != nil {
			return config.Secret{}, err
		}
	}
	token = config.NewSecret(strings.TrimSpace(strings.ReplaceAll(token.Expose(), "cargo login", "")))
	return token, CheckToken(token)
}

// CheckToken returns an error unless the token can be sent in an HTTP header: it
// must not be empty, and consist of printable ASCII and tabs. Cargo checks this
// before it stores a token and before it sends one. Its message promises
// ISO-8859-1, but it accepts ASCII only.
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

// Token is a provider's answer to a get.
type Token struct {
	Secret config.Secret
	Cache  Cache
	// Expiration is set with [CacheExpires], and counts in whole seconds.
	Expiration time.Time
	// OperationIndependent tokens serve every operation, not only the one that
	// was asked for.
	OperationIndependent bool
}

// Cache says how long a caller may keep a [Token].
type Cache int

const (
	// CacheNever means that the caller asks each time.
	CacheNever Cache = iota
	// CacheExpires means until [Token.Expiration].
	CacheExpires
	// CacheSession means until the caller's process ends.
	CacheSession
)

// String returns the word that the protocol has for it.
func (c Cache) String() string {
	switch c {
	case CacheSession:
		return "session"
	case CacheExpires:
		return "expires"
	}
	return "never"
}

// The errors of the protocol, in Cargo's words.
var (
	// ErrNotFound means that the provider has no token for the registry. The
	// caller tries the next provider. It is [registry.ErrNoToken].
	ErrNotFound = registry.ErrNoToken
	// ErrURLNotSupported means that the provider does not serve the registry. The
	// caller tries the next provider.
	ErrURLNotSupported = errors.New("registry not supported")
	// ErrOperationNotSupported means that the provider cannot do what it is asked
	// to. The caller stops.
	ErrOperationNotSupported = errors.New("requested operation not supported")
	// ErrUnknownKind stands for an error of a kind that this version does not
	// know. The caller stops.
	ErrUnknownKind = errors.New("unknown error kind; try updating Cargo?")
	// ErrNoProvider means that every provider answered [ErrURLNotSupported].
	ErrNoProvider = errors.New("no credential providers could handle the request")
	// ErrNotConfigured means that the registry wants a token for reading its index,
	// and that no provider is configured. Cargo sends a token for reading only if
	// one is.
	ErrNotConfigured = errors.New("authenticated registries require a credential-provider to be configured\n" +
		"see https://doc.rust-lang.org/cargo/reference/registry-authentication.html for details")
)
