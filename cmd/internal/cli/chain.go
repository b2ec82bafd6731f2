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
	return &credential.Chain{
		Config:           s.Config,
		AsymmetricTokens: s.Unstable.AsymmetricToken,
		Stdin:            os.Stdin,
		Stderr:           os.Stderr,
		Now:              time.Now,
		ReadToken:        read,
		BuiltIn:          s.secretStore(read),
	}
}

// secretStore is Cargo's provider over this system's secret store, if it has
// one.
func (s *Session) secretStore(read credential.TokenReader) map[string]credential.Provider {
	if keyring.CargoProvider == "" {
		return nil
	}
	environ := s.Config.Environ
	return map[string]credential.Provider{
		keyring.CargoProvider: &keyring.Provider{
			Options:   keyring.Options{Environ: environ, CanPrompt: func() bool { return keyring.CanPrompt(environ) }},
			ReadToken: read,
			Required:  true,
			Notify:    s.Shell.Notify,
		},
	}
}
