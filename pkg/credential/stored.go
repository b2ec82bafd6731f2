package credential

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// credentialsEntry is what Cargo's credentials file holds for a registry. The
// providers cargo:token and cargo:paseto keep their secrets there.
type credentialsEntry struct {
	chain    *Chain
	registry registry.Registry
}

// remove removes what the file holds for the registry, if the secret is
// configured, says so, and calls removed unless it is nil. Where another place than the file defines the secret
// too, which stays in force, the user is told; Cargo says then that it has
// removed it.
func (e credentialsEntry) remove(ctx context.Context, what string, secret secretOf, removed func()) error {
	before, err := e.chain.configuration(e.registry)
	switch {
	case err != nil:
		return err
	case before == nil || secret(before) == nil:
		return ErrNotFound
	}
	stored, any := e.stored(secret)
	if any {
		if err := e.edit(ctx, (*config.CredentialsFile).Remove); err != nil {
			return err
		}
	}
	if stored {
		e.chain.status(config.Status, "Logout", "%s for `%s` has been removed from local storage", what, e.registry.DisplayName())
		if removed != nil {
			removed()
		}
	}
	after, err := e.reload()
	if err != nil {
		return err
	}
	if after == nil || secret(after) == nil {
		return nil
	}
	left := secret(after).Definition
	because := "a logout removes the one in the credentials file only"
	if e.inFile(left) {
		because = "it belongs to another name of the registry"
	}
	e.chain.warn("%s still has a %s configured in %s, which stays in force: %s", e.registry, what, left, because)
	return nil
}

// secretOf takes a provider's secret from what is configured for a registry.
type secretOf func(*config.RegistryConfig) *config.Value[config.Secret]

// edit changes the credentials file. Its entry has the name by which the user
// called the registry, even if the registry's credentials are configured under
// another one.
func (e credentialsEntry) edit(ctx context.Context, change func(f *config.CredentialsFile, name string) error) error {
	name := e.registry.Name
	switch {
	case e.registry.IsCratesIO():
		name = ""
	case name == "":
		return errors.New("can't save credentials for anonymous registry")
	}
	f, err := config.OpenCredentials(ctx, e.chain.Config.Home, e.chain.Config.Notify)
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

// stored reports whether the credentials file has the secret for the registry,
// and whether it has any credentials for it. An environment variable may hide
// them.
func (e credentialsEntry) stored(secret secretOf) (this, any bool) {
	c := config.New(config.Options{Dir: e.chain.Config.Dir, Home: e.chain.Config.Home})
	var configured *config.RegistryConfig
	var err error
	if e.registry.IsCratesIO() {
		configured, err = c.CratesIO()
	} else {
		configured, err = c.Registry(e.registry.Name)
	}
	switch {
	case err != nil:
		// What is wrong with the file is found when it is edited.
		return true, true
	case configured == nil:
		return false, false
	}
	inFile := func(v *config.Value[config.Secret]) bool { return v != nil && e.inFile(v.Definition) }
	subject := configured.SecretKeySubject
	return inFile(secret(configured)),
		inFile(configured.Token) || inFile(configured.SecretKey) || subject != nil && e.inFile(subject.Definition)
}

// inFile reports whether something is defined in the credentials file.
func (e credentialsEntry) inFile(d config.Definition) bool {
	dir, name := filepath.Split(d.Path)
	return filepath.Clean(dir) == filepath.Clean(e.chain.Config.Home) &&
		(name == "credentials.toml" || name == "credentials")
}

// reload reads anew what is configured for the registry, without repeating
// what there is to say of it.
func (e credentialsEntry) reload() (*config.RegistryConfig, error) {
	e.chain.Config.ForgetCredentials()
	quiet := *e.chain.Config
	quiet.Notify = nil
	configured, err := registry.Credentials(&quiet, e.registry)
	if err != nil {
		return nil, err
	}
	e.chain.configured[e.registry.Canonical()] = configured
	return configured, nil
}
