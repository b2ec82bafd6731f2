package credential

import (
	"context"
	"errors"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Lookup returns the token that Cargo would send to a registry for an
// operation. The registry is a name in the configuration, an index URL, or
// empty for the default. It asks the configured providers once and keeps
// nothing; a program that needs several tokens holds a [Chain].
//
// If there is no token, the error is a [*MissingTokenError].
func Lookup(ctx context.Context, c *config.Config, nameOrIndex string, op Operation) (config.Secret, error) {
	chain := &Chain{Config: c}
	return chain.Token(ctx, nameOrIndex, op)
}

// Token returns the token that Cargo would send to a registry for an
// operation, and keeps it as long as the provider allows. The registry is a
// name in the configuration, an index URL, or empty for the default.
//
// A token for reading is needed only for a registry that asks for one, and
// then somebody must have configured a provider: it is [ErrNotConfigured] if
// nobody has. If there is no token, the error is a [*MissingTokenError].
func (c *Chain) Token(ctx context.Context, nameOrIndex string, op Operation) (config.Secret, error) {
	r, err := find(c.Config, nameOrIndex)
	if err != nil {
		return config.Secret{}, err
	}
	return c.token(ctx, r, op, nil, op.Kind == Read.Kind)
}

// ForIndex returns what a client of a registry's index asks for a token for
// reading, the Token of [index.Client]:
//
//	client := &index.Client{Config: cfg, Token: chain.ForIndex(target.Registry)}
//
// If there is no token, its error is a [*MissingTokenError].
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
	// Storable is set if cargo:token is among the registry's providers, so that
	// a login or a variable would help.
	Storable bool
	// HasDefault is set if `registry.default` names another registry than
	// crates.io.
	HasDefault bool
}

func (c *Chain) missing(r registry.Registry) error {
	e := &MissingTokenError{Registry: r}
	entries, err := c.Providers(r)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		e.Storable = e.Storable || entry.Name == nameToken
	}
	byDefault, err := c.Config.String("registry.default")
	if err != nil {
		return err
	}
	e.HasDefault = byDefault != nil
	return e
}

// Is makes it an [ErrNotFound].
func (e *MissingTokenError) Is(target error) bool { return target == ErrNotFound }

// Error says in Cargo's words what the user can do.
func (e *MissingTokenError) Error() string {
	r := e.Registry
	switch {
	case r.IsCratesIO():
		text := "no token found, please run `cargo login`"
		if e.HasDefault {
			text = "no token found, please run `cargo login --registry crates-io`"
		}
		if e.Storable {
			text += "\nor use environment variable CARGO_REGISTRY_TOKEN"
		}
		return text
	case r.Name == "":
		return "no token found for `" + r.Index + "`\n" +
			"consider setting up an alternate registry in Cargo's configuration\n" +
			"as described by https://doc.rust-lang.org/cargo/reference/registries.html\n\n" +
			"[registries]\nmy-registry = { index = \"" + r.Index + "\" }\n"
	case e.Storable:
		variable := strings.ToUpper(strings.ReplaceAll(r.Name, "-", "_"))
		return "no token found for `" + r.Name + "`, please run `cargo login --registry " + r.Name + "`\n" +
			"or use environment variable CARGO_REGISTRIES_" + variable + "_TOKEN"
	default:
		return "no token found for `" + r.Name + "`\nYou may need to log in using this registry's credential provider"
	}
}
