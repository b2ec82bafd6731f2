package cli

import (
	"context"
	"os"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/terminal"
)

// Chain returns the credential providers that are configured. They ask for a
// token on the terminal, where it is not shown as it is typed.
func (s *Session) Chain() *credential.Chain {
	read := func(ctx context.Context, prompt string) (config.Secret, error) {
		text, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, prompt)
		return config.NewSecret(text), err
	}
	environ := os.Environ()
	return &credential.Chain{
		Config:           s.Config,
		AsymmetricTokens: s.Unstable.AsymmetricToken,
		Stdin:            os.Stdin,
		Stderr:           os.Stderr,
		Now:              time.Now,
		ReadToken:        read,
		BuiltIn: map[string]credential.Provider{
			keyring.CargoProvider: &keyring.Provider{
				Options:   keyring.Options{Environ: environ, CanPrompt: keyring.CanPrompt(environ)},
				ReadToken: read,
				Required:  true,
				Notify:    s.Shell.Notify,
			},
		},
	}
}
