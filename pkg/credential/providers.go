package credential

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Configured is a provider as the configuration names it.
type Configured struct {
	// Name is what a program is run by, see [config.Program], or a built-in
	// provider's name, such as "cargo:token". Aliases are resolved.
	Name string
	Args []string
	// Definition says where it is configured. It is zero if nothing is
	// configured.
	Definition config.Definition
}

// Providers returns what is configured for a registry, in the order in which
// Cargo tries it. It runs nothing and warns of nothing.
func (c *Chain) Providers(r registry.Registry) ([]Configured, error) {
	quiet := &Chain{Config: c.Config.Quiet(), AsymmetricTokens: c.AsymmetricTokens, configured: maps.Clone(c.configured)}
	return quiet.providers(r, false)
}

// providers returns what is configured for a registry, in the order of trying:
// its own provider and no other, or the global ones from the last to the first,
// or cargo:token. The user is warned of tokens and keys that will be ignored.
func (c *Chain) providers(r registry.Registry, requireConfigured bool) ([]Configured, error) {
	own, err := c.configuration(r)
	if err != nil {
		return nil, err
	}
	programs, err := c.Config.Programs("registry.global-credential-providers")
	if err != nil {
		return nil, err
	}
	var global []Configured
	for _, p := range slices.Backward(programs) {
		global = append(global, c.resolve(p))
	}
	isDefault := len(global) == 0
	if isDefault {
		global = []Configured{{Name: nameToken}}
		if c.AsymmetricTokens {
			global = append(global, Configured{Name: namePaseto})
		}
	}
	if own == nil {
		own = &config.RegistryConfig{}
	}
	if own.CredentialProvider != nil {
		e := c.resolve(*own.CredentialProvider)
		c.warnOwn(r, own, e)
		return []Configured{e}, nil
	}
	c.warnGlobal(r, own, global)
	if isDefault && requireConfigured {
		return nil, ErrNotConfigured
	}
	return global, nil
}

// configuration returns what is configured for a registry; nil if it is
// nothing. It is looked up once, so that what there is to say of it is said
// once.
func (c *Chain) configuration(r registry.Registry) (*config.RegistryConfig, error) {
	if found, ok := c.configured[r.Canonical()]; ok {
		return found, nil
	}
	found, err := registry.Credentials(c.Config, r)
	if err != nil {
		return nil, err
	}
	if c.configured == nil {
		c.configured = map[string]*config.RegistryConfig{}
	}
	c.configured[r.Canonical()] = found
	return found, nil
}

// resolve replaces a name that [credential-alias] has, once, and finds the
// program's path. An alias that cannot be read is as good as none. A built-in
// provider's name is no alias.
func (c *Chain) resolve(p config.Program) Configured {
	d := p.Definition
	if len(p.Args) == 0 {
		alias, err := c.Config.Program("credential-alias." + p.Name)
		switch {
		case err != nil || alias == nil:
		case isBuiltIn(p.Name):
			c.warn("credential-alias `%s` (defined in `%s`) will be ignored because it would shadow a built-in credential-provider",
				p.Name, alias.Definition)
		default:
			p = *alias
		}
	}
	return Configured{p.Path, p.Args, d}
}

// warnOwn warns of what a registry's own provider will not look at.
func (c *Chain) warnOwn(r registry.Registry, own *config.RegistryConfig, e Configured) {
	const ignored = "%s has a %s configured in %s that will be ignored because this registry is configured to use credential-provider `%s`"
	if own.Token != nil && e.Name != nameToken {
		c.warn(ignored, r, "token", own.Token.Definition, e.Name)
	}
	if own.SecretKey != nil && e.Name != namePaseto {
		c.warn(ignored, r, "secret-key", own.SecretKey.Definition, e.Name)
	}
}

// warnGlobal warns of what the global providers will not look at. A secret key
// counts only where cargo:paseto may be used.
func (c *Chain) warnGlobal(r registry.Registry, own *config.RegistryConfig, global []Configured) {
	token := slices.IndexFunc(global, func(e Configured) bool { return e.Name == nameToken })
	paseto := slices.IndexFunc(global, func(e Configured) bool { return e.Name == namePaseto })
	hasKey := own.SecretKey != nil && c.AsymmetricTokens
	switch {
	case own.Token != nil && hasKey:
		if token < 0 || paseto < 0 {
			return
		}
		if token < paseto {
			c.warn("%s has a `secret_key` configured in %s that will be ignored because a `token` is also configured, and the `cargo:token` provider is configured with higher precedence",
				r, own.SecretKey.Definition)
		} else {
			c.warn("%s has a `token` configured in %s that will be ignored because a `secret_key` is also configured, and the `cargo:paseto` provider is configured with higher precedence",
				r, own.Token.Definition)
		}
	case own.Token != nil && token < 0:
		c.warn("%s has a token configured in %s that will be ignored because the `cargo:token` credential provider is not listed in `registry.global-credential-providers`",
			r, own.Token.Definition)
	case own.Token == nil && hasKey && paseto < 0:
		c.warn("%s has a secret-key configured in %s that will be ignored because the `cargo:paseto` credential provider is not listed in `registry.global-credential-providers`",
			r, own.SecretKey.Definition)
	}
}

// The built-in providers' names in the configuration.
const (
	nameToken           = "cargo:token"
	namePaseto          = "cargo:paseto"
	nameTokenFromStdout = "cargo:token-from-stdout"
)

// secretStores are the built-in providers over the secret store of an operating
// system.
var secretStores = map[string]string{
	"cargo:libsecret":      "linux",
	"cargo:macos-keychain": "darwin",
	"cargo:wincred":        "windows",
}

func isBuiltIn(name string) bool {
	return name == nameToken || name == namePaseto || name == nameTokenFromStdout || secretStores[name] != ""
}

// isSecretStore reports whether a program passes a registry on only where the
// operating system has no secret store.
func isSecretStore(program string) bool {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == "cargo-credential-keyring"
}

// provider returns the provider of that name: a built-in one, or a program.
func (c *Chain) provider(name string, r registry.Registry) (Provider, error) {
	if name == namePaseto && !c.AsymmetricTokens {
		return nil, errors.New("cargo:paseto requires -Zasymmetric-token")
	}
	if provider, ok := c.BuiltIn[name]; ok {
		return provider, nil
	}
	switch name {
	case nameToken:
		return &tokenProvider{credentialsEntry{c.Config, r}, c}, nil
	case namePaseto:
		return KeyStore{c.Config}, nil
	case nameTokenFromStdout:
		return &stdoutProvider{failing{ErrOperationNotSupported}, c}, nil
	}
	switch secretStores[name] {
	case "":
		return &Process{Path: name, Dir: c.Config.Dir, Env: c.Config.Environ, Stderr: c.Stderr}, nil
	case runtime.GOOS:
		// Another provider might keep the token where the user did not want it.
		return failing{fmt.Errorf("`%s` is not supported by this program", name)}, nil
	default:
		return failing{ErrURLNotSupported}, nil
	}
}

// failing is a provider that cannot do anything.
type failing struct{ err error }

func (f failing) Get(context.Context, *Request, Operation) (*Token, error) { return nil, f.err }
func (f failing) Login(context.Context, *Request, LoginOptions) error      { return f.err }
func (f failing) Logout(context.Context, *Request) error                   { return f.err }
