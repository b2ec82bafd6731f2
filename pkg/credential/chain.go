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

// Chain asks the providers that Cargo's configuration names for a registry, one
// after the other, as Cargo does. What it tells the user goes to the
// configuration's Notify.
//
// It keeps tokens for as long as their providers allow, so use one Chain for one
// run of a program. Do not use it from several goroutines at once.
type Chain struct {
	Config *config.Config
	// AsymmetricTokens is Cargo's unstable -Zasymmetric-token.
	AsymmetricTokens bool
	// ReadToken asks the user for the token of a login that brings none. If it is
	// nil, such a login fails.
	ReadToken TokenReader
	// Stdin is the standard input of the command of cargo:token-from-stdout; nil
	// is the null device.
	Stdin io.Reader
	// Stderr is the standard error of provider programs; nil is the null device.
	Stderr io.Writer
	// BuiltIn has providers by their names in the configuration, such as
	// "cargo:paseto". They replace those of this package.
	BuiltIn map[string]Provider
	// Now tells whether a token that is kept has expired; nil is [time.Now].
	Now func() time.Time

	// By canonical index URL: what is configured, and the tokens that are kept.
	configured map[string]*config.RegistryConfig
	tokens     map[string]Token
	// storeMissing is set during a login or logout once a secret store was passed
	// over because it is missing. storesSeen are the stores that were there.
	storeMissing bool
	storesSeen   []string
}

// Login has the first provider that serves the registry store a token. The
// provider gets args after the arguments that are configured.
func (c *Chain) Login(ctx context.Context, r registry.Registry, o LoginOptions, args []string) error {
	defer c.forget(r)
	call := call{action: kindLogin, args: args}
	return c.ask(ctx, r, call, func(p Provider, req *Request) error { return p.Login(ctx, req, o) })
}

// Logout has the first provider that has a token for the registry remove it. If no
// provider has one, the user is told, and that is no error.
func (c *Chain) Logout(ctx context.Context, r registry.Registry) error {
	defer c.forget(r)
	err := c.ask(ctx, r, call{action: kindLogout}, func(p Provider, req *Request) error { return p.Logout(ctx, req) })
	if err == ErrNotFound {
		say(c.Config, config.Status, "Logout", "not currently logged in to `%s`", r.String())
		return nil
	}
	return err
}

// Token returns the token that Cargo would send to a registry. The registry is a
// name in the configuration, an index URL, or empty for the default registry.
//
// If there is no token, the error is [registry.ErrNoToken], with Cargo's advice on
// how to get one. For [Read] it is [ErrNotConfigured] if no provider is configured:
// Cargo sends a token for reading only if one is.
func (c *Chain) Token(ctx context.Context, nameOrIndex string, op Operation) (config.Secret, error) {
	r, err := find(c.Config, nameOrIndex)
	if err != nil {
		return config.Secret{}, err
	}
	call := call{action: kindGet, needsConfigured: op == Read()}
	token, err := c.token(ctx, r, op, call)
	switch {
	case err != nil:
		return config.Secret{}, err
	case op.any && !token.OperationIndependent:
		return config.Secret{}, fmt.Errorf("the token for `%s` does not serve every operation", r.String())
	}
	return token.Secret, CheckToken(token.Secret)
}

// ForIndex returns a function that gets the token for reading a registry's index,
// for the Token field of an [index.Client]:
//
//	client := &index.Client{Config: cfg, Registry: r, Token: chain.ForIndex(r)}
//
// [index.Client]: https://pkg.go.dev/github.com/cargo-auth/cargo-auth/pkg/registry/index#Client
func (c *Chain) ForIndex(r registry.Registry) func(ctx context.Context, challenge *registry.Challenge) (config.Secret, error) {
	return func(ctx context.Context, challenge *registry.Challenge) (config.Secret, error) {
		call := call{action: kindGet}
		if challenge != nil {
			call.headers, call.needsConfigured = challenge.Headers, true
		}
		token, err := c.token(ctx, r, Read(), call)
		if err != nil {
			return config.Secret{}, err
		}
		return token.Secret, nil
	}
}

// find returns the registry of a name or an index URL.
func find(c *config.Config, nameOrIndex string) (registry.Registry, error) {
	name := nameOrIndex
	if strings.Contains(nameOrIndex, "://") {
		r, err := registry.New("", nameOrIndex)
		if err != nil || !r.IsCratesIO() {
			return r, err
		}
		name = "crates-io"
	}
	return registry.Resolve(c, name)
}

// token returns a token that is kept, or the first that a provider has.
func (c *Chain) token(ctx context.Context, r registry.Registry, op Operation, call call) (*Token, error) {
	if token := c.kept(r, op); token != nil {
		return token, nil
	}
	var token *Token
	err := c.ask(ctx, r, call, func(p Provider, req *Request) (err error) {
		token, err = p.Get(ctx, req, op)
		if token == nil && err == nil {
			return ErrNotFound
		}
		return err
	})
	if err == ErrNotFound {
		return nil, c.noToken(r)
	}
	if err != nil {
		return nil, err
	}
	if token.Cache != CacheNever {
		if c.tokens == nil {
			c.tokens = map[string]Token{}
		}
		c.tokens[r.Canonical()] = *token
	}
	return token, nil
}

// expiryMargin is how long before its end a token is no longer used.
const expiryMargin = time.Minute

// kept returns a token that an earlier call got; nil if none serves.
func (c *Chain) kept(r registry.Registry, op Operation) *Token {
	token, ok := c.tokens[r.Canonical()]
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	switch {
	case !ok, token.Cache == CacheExpires && !now().Add(expiryMargin).Before(token.Expiration):
		return nil
	case !token.OperationIndependent && op.Kind != kindRead:
		// A token that does not serve every operation serves reading at least.
		return nil
	}
	return &token
}

// forget drops what is known of a registry whose token has changed.
func (c *Chain) forget(r registry.Registry) {
	delete(c.tokens, r.Canonical())
	delete(c.configured, r.Canonical())
}

// call is what a chain asks of its providers.
type call struct {
	action  string
	headers []string
	args    []string
	// needsConfigured makes it an error that no provider is configured.
	needsConfigured bool
}

var errStoreGone = errors.New("the secret store that it asked before is gone")

// ask calls the providers in turn, until one of them does what is asked or fails.
// A provider that has no token, or does not serve the registry, passes the turn
// on. After a login or logout the user is warned of another token in force.
func (c *Chain) ask(ctx context.Context, r registry.Registry, call call, do func(Provider, *Request) error) error {
	providers, err := c.providers(r, call.needsConfigured)
	if err != nil {
		return err
	}
	result := ErrNoProvider
	c.storeMissing = false
	for _, program := range providers {
		provider, err := c.provider(program.Path, r)
		if err != nil {
			return err
		}
		args := slices.Concat(program.Args, call.args)
		line := strings.Join(append([]string{program.Path}, args...), " ")
		say(c.Config, config.VerboseStatus, "Credential", "%s %s %s", line, call.action, r.String())
		err = do(provider, &Request{IndexURL: r.Index(), Name: r.Name(), Headers: call.headers, Args: args})
		if isKeyringProgram(program.Path) {
			switch {
			case !errors.Is(err, ErrURLNotSupported):
				c.storesSeen = append(c.storesSeen, line)
			case slices.Contains(c.storesSeen, line):
				err = errStoreGone
			default:
				c.storeMissing = true
			}
		}
		switch {
		case err == nil:
			c.warnOfOtherToken(r, call.action, program.Path)
			return nil
		case ctx.Err() == nil && errors.As(err, new(unexpectedResponse)):
			return err
		case ctx.Err() == nil && errors.Is(err, ErrNotFound):
			result = ErrNotFound
		case ctx.Err() != nil || !errors.Is(err, ErrURLNotSupported):
			return fmt.Errorf("credential provider `%s` failed action `%s`: %w", untrusted.OneLine(line), call.action, err)
		}
	}
	return result
}

// noTokenError is [registry.ErrNoToken] with Cargo's advice on how to get a token.
type noTokenError struct{ text string }

func (e *noTokenError) Error() string        { return e.text }
func (e *noTokenError) Is(target error) bool { return target == registry.ErrNoToken }

func (c *Chain) noToken(r registry.Registry) error {
	providers, err := c.Providers(r)
	if err != nil {
		return err
	}
	byDefault, err := c.Config.String("registry.default")
	if err != nil {
		return err
	}
	// `cargo login` and a variable help only if cargo:token is asked.
	asksToken := slices.ContainsFunc(providers, func(p config.Program) bool { return p.Path == nameToken })
	var text string
	switch {
	case r.IsCratesIO():
		text = "no token found, please run `cargo login`"
		if byDefault != nil {
			text = "no token found, please run `cargo login --registry crates-io`"
		}
		if asksToken {
			text += "\nor use environment variable CARGO_REGISTRY_TOKEN"
		}
	case r.Name() == "":
		text = "no token found for `" + r.Index() + "`\n" +
			"consider setting up an alternate registry in Cargo's configuration\n" +
			"as described by https://doc.rust-lang.org/cargo/reference/registries.html\n\n" +
			"[registries]\nmy-registry = { index = \"" + r.Index() + "\" }\n"
	case asksToken:
		text = "no token found for `" + r.Name() + "`, please run `cargo login --registry " + r.Name() + "`\n" +
			"or use environment variable CARGO_" + tableVariable(r.Name()) + "_TOKEN"
	default:
		text = "no token found for `" + r.Name() + "`\nYou may need to log in using this registry's credential provider"
	}
	return &noTokenError{text}
}

// tableVariable is the part of a variable's name that stands for the table of a
// registry in the configuration. Crates.io has the empty name.
func tableVariable(name string) string {
	if name == "" {
		return "REGISTRY"
	}
	return "REGISTRIES_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// say tells the user what is being done.
func say(c *config.Config, kind config.MessageKind, verb, format string, args ...any) {
	c.Notify(config.Message{Kind: kind, Verb: verb, Text: untrusted.Sprintf(format, args...)})
}

func warn(c *config.Config, format string, args ...any) {
	say(c, config.Warning, "", format, args...)
}
