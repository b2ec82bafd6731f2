//go:build darwin || windows

package keyring

import (
	"context"
	"errors"
	"fmt"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

func open(Options) Store { return systemStore{} }

// backends are the names that [Options] may have here.
var backends []string

// systemStore is the store that the system brings along.
type systemStore struct{}

func (systemStore) Name() string { return systemName }

func (systemStore) Get(_ context.Context, e Entry) (config.Secret, error) {
	token, err := gokeyring.Get(e.service(), e.user())
	return config.NewSecret(token), systemError("cannot read the token from", err)
}

func (systemStore) Set(_ context.Context, e Entry, token config.Secret) error {
	return systemError("cannot store the token in", gokeyring.Set(e.service(), e.user(), token.Expose()))
}

func (systemStore) Delete(_ context.Context, e Entry) error {
	return systemError("cannot remove the token from", gokeyring.Delete(e.service(), e.user()))
}

// Locked is left to the system, which asks the user when it has to.
func (systemStore) Locked(context.Context) (bool, error) { return false, nil }

func systemError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return credential.ErrNotFound
	}
	return fmt.Errorf("%s the %s: %w", what, systemName, err)
}
