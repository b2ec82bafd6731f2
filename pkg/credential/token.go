package credential

import (
	"context"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// tokenProvider is cargo:token: the token is what the configuration has, and
// is kept in Cargo's credentials file.
type tokenProvider struct{ credentialsEntry }

// Get returns the configured token, from wherever it is configured.
func (p *tokenProvider) Get(context.Context, *Request, Operation) (*Token, error) {
	configured, err := p.chain.configuration(p.registry)
	switch {
	case err != nil:
		return nil, err
	case configured == nil || configured.Token == nil:
		return nil, ErrNotFound
	}
	return &Token{Secret: configured.Token.Val, Cache: CacheSession, OperationIndependent: true}, nil
}

// Login writes the token to the credentials file.
func (p *tokenProvider) Login(ctx context.Context, req *Request, login LoginOptions) error {
	token, err := login.ReadToken(ctx, req, p.chain.ReadToken)
	if err != nil {
		return err
	}
	token = Unpasted(token)
	if err := CheckToken(token); err != nil {
		return err
	}
	if err := p.edit(ctx, func(f *config.CredentialsFile, name string) error {
		return f.SetToken(name, token)
	}); err != nil {
		return err
	}
	p.chain.status(config.Status, "Login", "token for `%s` saved", p.registry.DisplayName())
	p.forget()
	return nil
}

// Unpasted removes what is copied along from a registry's web page, which
// shows the token as part of a command.
func Unpasted(token config.Secret) config.Secret {
	return config.NewSecret(strings.TrimSpace(strings.ReplaceAll(token.Expose(), "cargo login", "")))
}

// Logout removes the token from the credentials file.
func (p *tokenProvider) Logout(ctx context.Context, _ *Request) error {
	return p.remove(ctx, storedSecret{
		"token",
		func(r *config.RegistryConfig) *config.Value[config.Secret] { return r.Token },
		func(s config.Stored) *config.Secret { return s.Token },
	}, p.sayNotRevoked)
}

func (p *tokenProvider) sayNotRevoked() {
	location := "the `" + p.registry.DisplayName() + "` website"
	if p.registry.IsCratesIO() {
		location = "<https://crates.io/me>"
	}
	// Cargo shows this even to a user who asked for quiet.
	p.chain.Config.Notice(config.Plain, "note: This does not revoke the token on the registry server.\n"+
		"    If you need to revoke the token, visit %s and follow the instructions there.", location)
}
