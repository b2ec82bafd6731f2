package credential

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// The built-in providers' names in the configuration.
const (
	nameToken           = "cargo:token"
	namePaseto          = "cargo:paseto"
	nameTokenFromStdout = "cargo:token-from-stdout"
	nameLibsecret       = "cargo:libsecret"
	nameKeychain        = "cargo:macos-keychain"
	nameWincred         = "cargo:wincred"
)

var builtInNames = []string{
	nameToken, namePaseto, nameTokenFromStdout, nameLibsecret, nameKeychain, nameWincred,
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
		return &tokenProvider{credentialsEntry{c, r}}, nil
	case namePaseto:
		return &pasetoProvider{credentialsEntry{c, r}}, nil
	case nameTokenFromStdout:
		return &stdoutProvider{dir: c.Config.Dir, env: c.Config.Environ, stdin: c.Stdin, stderr: c.Stderr}, nil
	case nameLibsecret:
		return systemProvider(name, "linux"), nil
	case nameKeychain:
		return systemProvider(name, "darwin"), nil
	case nameWincred:
		return systemProvider(name, "windows"), nil
	}
	return &Process{
		Path:   name,
		Dir:    c.Config.Dir,
		Env:    c.Config.Environ,
		Stderr: c.Stderr,
	}, nil
}

// systemProvider stands for the secret store of an operating system where
// BuiltIn has none. On other systems Cargo says that no registry is supported.
// On its own it is an error: another provider might keep the token where the
// user did not want it.
func systemProvider(name, system string) Provider {
	if runtime.GOOS != system {
		return failing{ErrURLNotSupported}
	}
	return failing{unsupportedError(name)}
}

func unsupportedError(name string) error {
	return fmt.Errorf("`%s` is not supported by this program", name)
}

// failing is a provider that cannot do anything.
type failing struct{ err error }

func (f failing) Get(context.Context, *Request, Operation) (*Token, error) { return nil, f.err }
func (f failing) Login(context.Context, *Request, LoginOptions) error      { return f.err }
func (f failing) Logout(context.Context, *Request) error                   { return f.err }
