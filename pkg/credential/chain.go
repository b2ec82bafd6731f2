package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
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
	// "cargo:paseto", in place of those that this package has.
	BuiltIn map[string]Provider
	// Now is asked whether a kept token has expired. If it is nil, tokens that
	// expire are not kept.
	Now func() time.Time

	// By canonical index URL: what is configured, and the tokens that may be kept.
	configured map[string]*config.RegistryConfig
	tokens     map[string]Token
	// noStore is set while a secret store is passed over that is not there;
	// stores are those that have been there.
	noStore bool
	stores  []string
}

// Login has the first provider that serves the registry store a token. args
// are given to the provider after those that are configured.
func (c *Chain) Login(ctx context.Context, r registry.Registry, o LoginOptions, args []string) error {
	defer c.forget(r)
	call := call{action: kindLogin, args: args}
	return c.try(ctx, r, call, func(p Provider, req *Request) error { return p.Login(ctx, req, o) })
}

// Logout has the first provider that has a token for the registry remove it.
// That none has one is no error; the user is told.
func (c *Chain) Logout(ctx context.Context, r registry.Registry) error {
	defer c.forget(r)
	err := c.try(ctx, r, call{action: kindLogout}, func(p Provider, req *Request) error { return p.Logout(ctx, req) })
	if err == ErrNotFound {
		say(c.Config, config.Status, "Logout", "not currently logged in to `%s`", r.DisplayName())
		return nil
	}
	return err
}

// Get returns the token for an operation. headers are the lines of the HTTP
// response that asked for one, if there was such a response. requireConfigured
// is Cargo's rule for such a response: a token is sent only if a
// provider is configured, else the error is [ErrNotConfigured].
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

// forget drops what is known of a registry whose token is another now.
func (c *Chain) forget(r registry.Registry) {
	delete(c.tokens, r.Canonical())
	delete(c.configured, r.Canonical())
}

// keep keeps a token for as long as its provider allows.
func (c *Chain) keep(r registry.Registry, token *Token) {
	if token.Cache == CacheNever || token.Cache == CacheExpires && c.Now == nil {
		return
	}
	if c.tokens == nil {
		c.tokens = map[string]Token{}
	}
	c.tokens[r.Canonical()] = *token
}

// kept returns a token that an earlier call got; nil if none serves.
func (c *Chain) kept(r registry.Registry, op Operation) *Token {
	// How long before its end a token is not used any more.
	const expiryMargin = time.Minute
	token, ok := c.tokens[r.Canonical()]
	switch {
	case !ok, token.Cache == CacheExpires && !c.Now().Add(expiryMargin).Before(token.Expiration):
		return nil
	case !token.OperationIndependent && op.Kind != Read.Kind:
		// A token that is not for every operation serves reading at least.
		return nil
	}
	return &token
}

// call is what the providers of a chain are asked.
type call struct {
	action            string
	headers           []string
	args              []string
	requireConfigured bool
}

// try asks one provider after the other until one neither says that the
// registry is not its own nor that it has no token. After a login or a logout
// the user is told of another token.
func (c *Chain) try(ctx context.Context, r registry.Registry, call call, ask func(Provider, *Request) error) error {
	providers, err := c.providers(r, call.requireConfigured)
	if err != nil {
		return err
	}
	anyNotFound := false
	c.noStore = false
	for _, entry := range providers {
		provider, err := c.provider(entry.Name, r)
		if err != nil {
			return err
		}
		args := slices.Concat(entry.Args, call.args)
		line := strings.Join(append([]string{entry.Name}, args...), " ")
		say(c.Config, config.VerboseStatus, "Credential", "%s %s %s", line, call.action, r.DisplayName())
		err = ask(provider, &Request{IndexURL: r.Index, Name: r.Name, Headers: call.headers, Args: args})
		switch {
		case !isSecretStore(entry.Name):
		case !errors.Is(err, ErrURLNotSupported):
			c.stores = append(c.stores, line)
		case slices.Contains(c.stores, line):
			err = errStoreGone
		}
		var unexpected *unexpectedResponse
		switch {
		case err == nil:
			c.tellOther(r, call.action, entry.Name)
			return nil
		case ctx.Err() == nil && errors.As(err, &unexpected):
			return unexpected
		case ctx.Err() == nil && errors.Is(err, ErrNotFound):
			anyNotFound = true
		case ctx.Err() != nil || !errors.Is(err, ErrURLNotSupported):
			return fmt.Errorf("credential provider `%s` failed action `%s`: %w", untrusted.OneLine(line), call.action, err)
		default:
			c.noStore = c.noStore || isSecretStore(entry.Name)
		}
	}
	if anyNotFound {
		return ErrNotFound
	}
	return ErrNoProvider
}

var errStoreGone = errors.New("the secret store that it asked before is gone")

// say tells the user what is being done.
func say(c *config.Config, kind config.MessageKind, verb, format string, args ...any) {
	c.Notify(config.Message{Kind: kind, Verb: verb, Text: untrusted.Sprintf(format, args...)})
}

func (c *Chain) warn(format string, args ...any) { say(c.Config, config.Warning, "", format, args...) }

// Lookup returns the token that Cargo would send to a registry for an
// operation; if there is none, the error is a [*MissingTokenError]. The registry
// is a name in the configuration, an index URL, or empty for the default. It keeps
// nothing: a program that needs several tokens holds a [Chain].
func Lookup(ctx context.Context, c *config.Config, nameOrIndex string, op Operation) (config.Secret, error) {
	chain := &Chain{Config: c}
	return chain.Token(ctx, nameOrIndex, op)
}

// Token is [Lookup] with the chain, which keeps the token as long as its provider
// allows. A token for reading is needed only for a registry that asks for one, and
// then a provider must be configured: the error is [ErrNotConfigured] if none is.
func (c *Chain) Token(ctx context.Context, nameOrIndex string, op Operation) (config.Secret, error) {
	r, err := find(c.Config, nameOrIndex)
	if err != nil {
		return config.Secret{}, err
	}
	return c.token(ctx, r, op, nil, op.Kind == Read.Kind)
}

// ForIndex returns the Token of an [index.Client], whose error is a
// [*MissingTokenError] if there is none:
//
//	client := &index.Client{Config: cfg, Token: chain.ForIndex(target.Registry)}
//
// [index.Client]: https://pkg.go.dev/github.com/cargo-auth/cargo-auth/pkg/registry/index#Client
func (c *Chain) ForIndex(r registry.Registry) func(ctx context.Context, headers []string) (config.Secret, error) {
	return func(ctx context.Context, headers []string) (config.Secret, error) {
		return c.token(ctx, r, Read, headers, headers != nil)
	}
}

func (c *Chain) token(ctx context.Context, r registry.Registry, op Operation, headers []string, requireConfigured bool) (config.Secret, error) {
	token, err := c.Get(ctx, r, op, headers, requireConfigured)
	if errors.Is(err, ErrNotFound) {
		return config.Secret{}, c.missing(r)
	}
	if err != nil {
		return config.Secret{}, err
	}
	return token.Secret, CheckToken(token.Secret)
}

func find(c *config.Config, nameOrIndex string) (registry.Registry, error) {
	name := nameOrIndex
	if strings.Contains(nameOrIndex, "://") {
		r, err := registry.New("", nameOrIndex)
		if err != nil || !r.IsCratesIO() {
			return r, err
		}
		name = "crates-io"
	}
	target, err := registry.Resolve(c, name)
	return target.Registry, err
}

// MissingTokenError says that there is no token for a registry, and how to
// get one. It is [ErrNotFound] to errors.Is.
type MissingTokenError struct {
	Registry registry.Registry
	text     string
}

func (c *Chain) missing(r registry.Registry) error {
	entries, err := c.Providers(r)
	if err != nil {
		return err
	}
	byDefault, err := c.Config.String("registry.default")
	if err != nil {
		return err
	}
	// A login or a variable helps only where cargo:token is asked.
	storable := slices.ContainsFunc(entries, func(e Configured) bool { return e.Name == nameToken })
	var text string
	switch {
	case r.IsCratesIO():
		text = "no token found, please run `cargo login`"
		if byDefault != nil {
			text = "no token found, please run `cargo login --registry crates-io`"
		}
		if storable {
			text += "\nor use environment variable CARGO_REGISTRY_TOKEN"
		}
	case r.Name == "":
		text = "no token found for `" + r.Index + "`\n" +
			"consider setting up an alternate registry in Cargo's configuration\n" +
			"as described by https://doc.rust-lang.org/cargo/reference/registries.html\n\n" +
			"[registries]\nmy-registry = { index = \"" + r.Index + "\" }\n"
	case storable:
		variable := strings.ToUpper(strings.ReplaceAll(r.Name, "-", "_"))
		text = "no token found for `" + r.Name + "`, please run `cargo login --registry " + r.Name + "`\n" +
			"or use environment variable CARGO_REGISTRIES_" + variable + "_TOKEN"
	default:
		text = "no token found for `" + r.Name + "`\nYou may need to log in using this registry's credential provider"
	}
	return &MissingTokenError{r, text}
}

// Is makes it an [ErrNotFound].
func (e *MissingTokenError) Is(target error) bool { return target == ErrNotFound }

// Error says in Cargo's words what the user can do.
func (e *MissingTokenError) Error() string { return e.text }
