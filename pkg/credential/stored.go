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
// configured, says so, and calls removed unless it is nil. Where another place
// than the file defines the secret too, which stays in force, the user is told;
// Cargo says then that it has removed it.
func (e credentialsEntry) remove(ctx context.Context, secret storedSecret, removed func()) error {
	before, err := e.chain.configuration(e.registry)
	switch {
	case err != nil:
		return err
	case before == nil || secret.configured(before) == nil:
		return ErrNotFound
	}
	stored, err := e.removeStored(ctx)
	if err != nil {
		return err
	}
	if secret.stored(stored) != nil {
		e.chain.status(config.Status, "Logout", "%s for `%s` has been removed from local storage", secret.name, e.registry.DisplayName())
		if removed != nil {
			removed()
		}
	}
	after, err := e.reload(before)
	if err != nil {
		// What was to be done is done.
		e.chain.warn("cannot tell whether %s still has a %s configured elsewhere: %v", e.registry, secret.name, err)
		return nil
	}
	if after == nil || secret.configured(after) == nil {
		return nil
	}
	left := secret.configured(after).Definition
	because := "a logout removes the one in the credentials file only"
	if e.inFile(left) {
		because = "it belongs to another name of the registry"
	}
	e.chain.warn("%s still has a %s configured in %s, which stays in force: %s", e.registry, secret.name, left, because)
	return nil
}

// storedSecret is what a provider keeps, and where it stands in what is
// configured and what is stored for a registry.
type storedSecret struct {
	name       string
	configured func(*config.RegistryConfig) *config.Value[config.Secret]
	stored     func(config.Stored) *config.Secret
}

// isAnonymous reports whether the registry has no name to store anything under.
func (e credentialsEntry) isAnonymous() bool { return e.name() == "" && !e.registry.IsCratesIO() }

// mostAttempts bounds how often a change is made anew because a program that
// knows nothing of the lock has written the file meanwhile.
const mostAttempts = 10

// edit changes the credentials file.
func (e credentialsEntry) edit(ctx context.Context, change func(f *config.CredentialsFile, name string) error) (err error) {
	if e.isAnonymous() {
		return errors.New("can't save credentials for anonymous registry")
	}
	for range mostAttempts {
		if err = e.editOnce(ctx, change); !errors.Is(err, config.ErrChanged) {
			break
		}
	}
	return err
}

func (e credentialsEntry) editOnce(ctx context.Context, change func(f *config.CredentialsFile, name string) error) error {
	f, err := e.chain.Config.OpenCredentials(ctx)
	if err != nil {
		return err
	}
	// What has been saved is on the disk, whatever closing the file says.
	defer f.Close()
	if err := change(f, e.name()); err != nil {
		return err
	}
	return f.Save()
}

// removeStored removes what the credentials file holds for the registry, and
// returns it. A file that does not exist is not created.
func (e credentialsEntry) removeStored(ctx context.Context) (stored config.Stored, err error) {
	if e.isAnonymous() || !config.HasCredentialsFile(e.chain.Config.Home) {
		// There may have been one when the configuration was read.
		e.chain.Config.ForgetCredentials()
		return config.Stored{}, nil
	}
	err = e.edit(ctx, func(f *config.CredentialsFile, name string) error {
		stored = f.Stored(name)
		if stored == (config.Stored{}) {
			return nil
		}
		return f.Remove(name)
	})
	return stored, err
}

// name is the registry's in the credentials file: that by which the user called
// it, even if its credentials are configured under another one.
func (e credentialsEntry) name() string {
	if e.registry.IsCratesIO() {
		return ""
	}
	return e.registry.Name
}

// inFile reports whether something is defined in the credentials file.
func (e credentialsEntry) inFile(d config.Definition) bool {
	dir, name := filepath.Split(d.Path)
	return filepath.Clean(dir) == filepath.Clean(e.chain.Config.Home) &&
		(name == "credentials.toml" || name == "credentials")
}

// forget has what is configured for the registry read again when it is next
// needed.
func (e credentialsEntry) forget() {
	delete(e.chain.configured, e.registry.Canonical())
}

// reload reads anew what is configured for the registry, where it was before,
// without repeating what there is to say of it.
func (e credentialsEntry) reload(before *config.RegistryConfig) (after *config.RegistryConfig, err error) {
	e.forget()
	quiet := quieted(e.chain.Config)
	if e.registry.IsCratesIO() {
		after, err = quiet.CratesIO()
	} else {
		after, err = quiet.Registry(before.Name)
	}
	if err != nil {
		return nil, err
	}
	e.chain.configured[e.registry.Canonical()] = after
	return after, nil
}
