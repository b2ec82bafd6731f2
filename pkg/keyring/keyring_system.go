//go:build darwin || windows

package keyring

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// backends are the names that [Options] may have here.
var backends []string

func open(*Options) Store { return systemStore{} }

// systemStore is the Keychain of macOS or the Credential Manager of Windows.
type systemStore struct{}

func (systemStore) Name() string {
	if runtime.GOOS == "windows" {
		return "Credential Manager"
	}
	return "Keychain"
}

// account returns the service and the user under which Cargo's provider stores a
// token. On Windows the two with a colon between them are the target.
func account(indexURL string) (service, user string) {
	if runtime.GOOS == "windows" {
		return "cargo-registry", indexURL
	}
	return labelPrefix + indexURL, ""
}

func (s systemStore) Get(_ context.Context, indexURL string) (config.Secret, error) {
	service, user := account(indexURL)
	token, err := gokeyring.Get(service, user)
	return config.NewSecret(token), s.failed("cannot read the token from", err)
}

func (s systemStore) Set(_ context.Context, indexURL, _ string, token config.Secret) error {
	service, user := account(indexURL)
	return s.failed("cannot store the token in", gokeyring.Set(service, user, token.Expose()))
}

func (s systemStore) Delete(_ context.Context, indexURL string) error {
	service, user := account(indexURL)
	return s.failed("cannot remove the token from", gokeyring.Delete(service, user))
}

// Locked returns false: the system itself asks the user when it has to.
func (systemStore) Locked(context.Context) (bool, error) { return false, nil }

func (s systemStore) failed(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return credential.ErrNotFound
	}
	return fmt.Errorf("%s the %s: %w", what, s.Name(), err)
}
