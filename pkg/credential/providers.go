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

// Providers returns the providers of a registry in the order in which Cargo asks
// them. Aliases are resolved. The Path of a built-in provider is its name, such as
// "cargo:token"; its Definition is zero if it is asked because no provider is
// configured. No provider is run, and the user is told nothing.
func (c *Chain) Providers(r registry.Registry) ([]config.Program, error) {
	quiet := &Chain{Config: c.Config.Quiet(), AsymmetricTokens: c.AsymmetricTokens, configured: maps.Clone(c.configured)}
	return quiet.providers(r, false)
}

// providers returns the provider of the registry's own, or else the global ones
// from the last to the first, or else cargo:token. It warns of tokens and keys that
// none of them looks at.
func (c *Chain) providers(r registry.Registry, needsConfigured bool) ([]config.Program, error) {
	own, err := c.configuration(r)
	if err != nil {
		return nil, err
	}
	programs, err := c.Config.Programs("registry.global-credential-providers")
	if err != nil {
		return nil, err
	}
	var global []config.Program
	for _, p := range slices.Backward(programs) {
		global = append(global, c.resolve(p))
	}
	isDefault := len(global) == 0
	if isDefault {
		global = []config.Program{{Name: nameToken, Path: nameToken}}
		if c.AsymmetricTokens {
			global = append(global, config.Program{Name: namePaseto, Path: namePaseto})
		}
	}
	if own.CredentialProvider != nil {
		p := c.resolve(*own.CredentialProvider)
		c.warnOfIgnoredByOwn(r, own, p)
		return []config.Program{p}, nil
	}
	c.warnOfIgnoredByGlobal(r, own, global)
	if isDefault && needsConfigured {
		return nil, ErrNotConfigured
	}
	return global, nil
}

// configuration returns what is configured for a registry. It reads that once, so
// the user sees the warnings about it once.
func (c *Chain) configuration(r registry.Registry) (*config.RegistryConfig, error) {
	if found, ok := c.configured[r.Canonical()]; ok {
		return found, nil
	}
	found, err := registry.Credentials(c.Config, r)
	if err != nil {
		return nil, err
	}
	if found == nil {
		found = &config.RegistryConfig{}
	}
	if c.configured == nil {
		c.configured = map[string]*config.RegistryConfig{}
	}
	c.configured[r.Canonical()] = found
	return found, nil
}

// resolve replaces a name by what [credential-alias] has for it, once. An alias
// that cannot be read does not count, nor does one for a built-in provider.
func (c *Chain) resolve(p config.Program) config.Program {
	d := p.Definition
	if len(p.Args) == 0 {
		alias, err := c.Config.Program("credential-alias." + p.Name)
		switch {
		case err != nil || alias == nil:
		case isBuiltIn(p.Name):
			warn(c.Config, "credential-alias `%s` (defined in `%s`) will be ignored because it would shadow a built-in credential-provider",
				p.Name, alias.Definition)
		default:
			p = *alias
		}
	}
	p.Definition = d
	return p
}

// warnOfIgnoredByOwn warns of secrets that the registry's own provider ignores.
func (c *Chain) warnOfIgnoredByOwn(r registry.Registry, own *config.RegistryConfig, p config.Program) {
	const ignored = "registry `%s` has a %s configured in %s that will be ignored because this registry is configured to use credential-provider `%s`"
	if own.Token != nil && p.Path != nameToken {
		warn(c.Config, ignored, r, "token", own.Token.Definition, p.Path)
	}
	if own.SecretKey != nil && p.Path != namePaseto {
		warn(c.Config, ignored, r, "secret-key", own.SecretKey.Definition, p.Path)
	}
}

// warnOfIgnoredByGlobal warns of secrets that the global providers ignore. A secret
// key counts only if asymmetric tokens are enabled.
func (c *Chain) warnOfIgnoredByGlobal(r registry.Registry, own *config.RegistryConfig, global []config.Program) {
	token := slices.IndexFunc(global, func(p config.Program) bool { return p.Path == nameToken })
	paseto := slices.IndexFunc(global, func(p config.Program) bool { return p.Path == namePaseto })
	hasKey := own.SecretKey != nil && c.AsymmetricTokens
	switch {
	case own.Token != nil && hasKey:
		if token < 0 || paseto < 0 {
			return
		}
		if token < paseto {
			warn(c.Config, "registry `%s` has a `secret_key` configured in %s that will be ignored because a `token` is also configured, and the `cargo:token` provider is configured with higher precedence",
				r, own.SecretKey.Definition)
		} else {
			warn(c.Config, "registry `%s` has a `token` configured in %s that will be ignored because a `secret_key` is also configured, and the `cargo:paseto` provider is configured with higher precedence",
				r, own.Token.Definition)
		}
	case own.Token != nil && token < 0:
		warn(c.Config, "registry `%s` has a token configured in %s that will be ignored because the `cargo:token` credential provider is not listed in `registry.global-credential-providers`",
			r, own.Token.Definition)
	case own.Token == nil && hasKey && paseto < 0:
		warn(c.Config, "registry `%s` has a secret-key configured in %s that will be ignored because the `cargo:paseto` credential provider is not listed in `registry.global-credential-providers`",
			r, own.SecretKey.Definition)
	}
}

// The names of the built-in providers in the configuration.
const (
	nameToken           = "cargo:token"
	namePaseto          = "cargo:paseto"
	nameTokenFromStdout = "cargo:token-from-stdout"
)

// secretStores are the built-in providers for the secret stores of operating
// systems.
var secretStores = map[string]string{
	"cargo:libsecret":      "linux",
	"cargo:macos-keychain": "darwin",
	"cargo:wincred":        "windows",
}

func isBuiltIn(name string) bool {
	return name == nameToken || name == namePaseto || name == nameTokenFromStdout || secretStores[name] != ""
}

// isKeyringProgram reports whether a program is cargo-credential-keyring. It answers
// [ErrURLNotSupported] only if the operating system has no secret store.
func isKeyringProgram(program string) bool {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == "cargo-credential-keyring"
}

// provider returns the provider of a name in the configuration: a built-in one, or
// a program.
func (c *Chain) provider(name string, r registry.Registry) (Provider, error) {
	if name == namePaseto && !c.AsymmetricTokens {
		return nil, errors.New("cargo:paseto requires -Zasymmetric-token")
	}
	if provider, ok := c.BuiltIn[name]; ok {
		return provider, nil
	}
	switch name {
	case nameToken:
		return &tokenProvider{entry{c.Config, r}, c}, nil
	case namePaseto:
		return Paseto(c.Config, nil), nil
	case nameTokenFromStdout:
		return &stdoutProvider{failing{ErrOperationNotSupported}, c}, nil
	}
	switch secretStores[name] {
	case "":
		return Process(name, c.Config.Dir, c.Config.Environ, c.Stderr), nil
	case runtime.GOOS:
		// Another provider might keep the token where the user did not want it.
		return failing{fmt.Errorf("`%s` is not supported by this program", name)}, nil
	default:
		return failing{ErrURLNotSupported}, nil
	}
}

// failing is a provider that always fails.
type failing struct{ err error }

func (f failing) Get(context.Context, *Request, Operation) (*Token, error) { return nil, f.err }
func (f failing) Login(context.Context, *Request, LoginOptions) error      { return f.err }
func (f failing) Logout(context.Context, *Request) error                   { return f.err }
