package main

import (
	"context"
	"errors"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// storeOf returns the options with which a configured provider opens the secret
// store; nil if it is none of this program's.
func storeOf(p credential.Configured) (*keyring.Options, error) {
	switch {
	case isOurs(p.Name):
		options, err := storeOptions(p.Args)
		return &options, err
	case keyring.CargoProvider != "" && p.Name == keyring.CargoProvider:
		return &keyring.Options{Environ: os.Environ()}, nil
	}
	return nil, nil
}

// stores are the secret stores that have been opened. One that is not available
// is not waited for again.
type stores map[string]*opened

type opened struct {
	keyring.Store
	err error
}

func (s stores) open(ctx context.Context, o keyring.Options) *opened {
	key := o.Backend + " " + o.Fallback
	if s[key] == nil {
		store, err := keyring.Open(ctx, o)
		s[key] = &opened{store, err}
	}
	return s[key]
}

// errLocked says that nothing is known of a store until somebody unlocks it,
// which is not asked for here.
var errLocked = errors.New("the secret store is locked")

// get reports whether the store has the entry.
func (o *opened) get(ctx context.Context, e keyring.Entry) (bool, error) {
	if o.err != nil {
		return false, o.err
	}
	locked, err := o.Locked(ctx)
	if err == nil && locked {
		return false, errLocked
	}
	if err == nil {
		_, err = o.Get(ctx, e)
	}
	switch {
	case errors.Is(err, credential.ErrNotFound):
		return false, nil
	case errors.Is(err, keyring.ErrUnavailable):
		o.err = err
	}
	return err == nil, err
}

func (s stores) status(ctx context.Context, options keyring.Options) storeReport {
	o := s.open(ctx, options)
	if o.Store == nil {
		return storeReport{Name: options.Backend, Problem: o.err.Error()}
	}
	locked, err := false, o.err
	if err == nil {
		locked, err = o.Locked(ctx)
	}
	if err != nil {
		return storeReport{Name: o.Name(), Problem: err.Error()}
	}
	return storeReport{Name: o.Name(), Available: true, Locked: locked}
}
