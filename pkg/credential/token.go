package credential

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// tokenProvider is cargo:token: the token is what the configuration has, and
// is kept in Cargo's credentials file.
type tokenProvider struct {
	chain    *Chain
	registry registry.Registry
}

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
	token = unpasted(token)
	if err := CheckToken(token); err != nil {
		return err
	}
	if err := p.edit(ctx, func(f *config.CredentialsFile, name string) error {
		return f.SetToken(name, token)
	}); err != nil {
		return err
	}
	p.chain.status(config.Status, "Login", "token for `%s` saved", p.registry.DisplayName())
	_, err = p.reload()
	return err
}

// unpasted removes what is copied along from a registry's web page, which
// shows the token as part of a command.
func unpasted(token config.Secret) config.Secret {
	return config.NewSecret(strings.TrimSpace(strings.ReplaceAll(token.Expose(), "cargo login", "")))
}

// Logout removes the token from the credentials file. Where another place
// defines a token too, which stays in force, the user is told; Cargo says then
// that it has removed it.
func (p *tokenProvider) Logout(ctx context.Context, _ *Request) error {
	before, err := p.chain.configuration(p.registry)
	switch {
	case err != nil:
		return err
	case before == nil || before.Token == nil:
		return ErrNotFound
	}
	token, any := p.stored()
	if any {
		if err := p.edit(ctx, (*config.CredentialsFile).Remove); err != nil {
			return err
		}
	}
	if token {
		p.sayRemoved()
	}
	after, err := p.reload()
	if err != nil {
		return err
	}
	if after == nil || after.Token == nil {
		return nil
	}
	because := "a logout removes the one in the credentials file only"
	if p.inCredentialsFile(after.Token.Definition) {
		because = "it belongs to another name of the registry"
	}
	p.chain.warn("%s still has a token configured in %s, which stays in force: %s",
		p.registry, after.Token.Definition, because)
	return nil
}

func (p *tokenProvider) sayRemoved() {
	name := p.registry.DisplayName()
	p.chain.status(config.Status, "Logout", "token for `%s` has been removed from local storage", name)
	location := "the `" + name + "` website"
	if p.registry.IsCratesIO() {
		location = "<https://crates.io/me>"
	}
	// Cargo shows this even to a user who asked for quiet.
	p.chain.Config.Notice(config.Plain, "note: This does not revoke the token on the registry server.\n"+
		"    If you need to revoke the token, visit %s and follow the instructions there.", location)
}

// edit changes the credentials file. Its entry has the name by which the user
// called the registry, even if the registry's credentials are configured under
// another one.
func (p *tokenProvider) edit(ctx context.Context, change func(f *config.CredentialsFile, name string) error) error {
	name := p.registry.Name
	switch {
	case p.registry.IsCratesIO():
		name = ""
	case name == "":
		return errors.New("can't save credentials for anonymous registry")
	}
	f, err := config.OpenCredentials(ctx, p.chain.Config.Home, p.chain.Config.Notify)
	if err != nil {
		return err
	}
	err = change(f, name)
	if err == nil {
		err = f.Save()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// stored reports whether the credentials file has a token for the registry,
// and whether it has any credentials for it. An environment variable may hide
// them.
func (p *tokenProvider) stored() (token, any bool) {
	c := config.New(config.Options{Dir: p.chain.Config.Dir, Home: p.chain.Config.Home})
	var configured *config.RegistryConfig
	var err error
	if p.registry.IsCratesIO() {
		configured, err = c.CratesIO()
	} else {
		configured, err = c.Registry(p.registry.Name)
	}
	switch {
	case err != nil:
		// What is wrong with the file is found when it is edited.
		return true, true
	case configured == nil:
		return false, false
	}
	token = configured.Token != nil && p.inCredentialsFile(configured.Token.Definition)
	return token, token ||
		configured.SecretKey != nil && p.inCredentialsFile(configured.SecretKey.Definition) ||
		configured.SecretKeySubject != nil && p.inCredentialsFile(configured.SecretKeySubject.Definition)
}

func (p *tokenProvider) inCredentialsFile(d config.Definition) bool {
	dir, name := filepath.Split(d.Path)
	return filepath.Clean(dir) == filepath.Clean(p.chain.Config.Home) &&
		(name == "credentials.toml" || name == "credentials")
}

// reload reads anew what is configured for the registry, without repeating
// what there is to say of it.
func (p *tokenProvider) reload() (*config.RegistryConfig, error) {
	p.chain.Config.ForgetCredentials()
	quiet := *p.chain.Config
	quiet.Notify = nil
	configured, err := registry.Credentials(&quiet, p.registry)
	if err != nil {
		return nil, err
	}
	p.chain.configured[p.registry.Canonical()] = configured
	return configured, nil
}
