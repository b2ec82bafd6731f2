package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

func (t *tool) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Move tokens from Cargo's credentials file into the secret store",
		Long: `Move tokens from Cargo's credentials file, where they are in plain text, into the
secret store. A token leaves the file only after it has been read back from the
store. Tokens that Cargo would not look for in the store are left alone: see
register.`,
		RunE: func(c *cobra.Command, _ []string) error { return t.migrate(c.Context()) },
	}
}

// migrate moves every token that it can. The last error is returned, those
// before it are shown. Tokens that are not for the store are left alone.
func (t *tool) migrate(ctx context.Context) error {
	moves, file, err := t.moves()
	if err != nil {
		return err
	}
	if len(moves) == 0 {
		text := "no token"
		if t.registry != "" {
			text += " for " + t.served()
		}
		t.shell.Status("Unchanged", text+" in "+file)
		return nil
	}
	var failed, left []error
	for _, m := range moves {
		err := m.run(ctx)
		switch {
		case err == nil:
		case errors.As(err, new(elsewhere)) && t.registry == "":
			left = append(left, err)
		default:
			failed = append(failed, err)
		}
		if ctx.Err() != nil || errors.Is(err, keyring.ErrUnavailable) || errors.Is(err, keyring.ErrNoAnswer) {
			// The others would wait for the same store.
			break
		}
	}
	if len(left) == len(moves) && errors.Is(left[0], errUnregistered) {
		return left[0]
	}
	for _, err := range left {
		t.shell.Notify(config.Message{Kind: config.Warning, Text: err.Error()})
	}
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[:len(failed)-1] {
		t.shell.Error(err)
	}
	return failed[len(failed)-1]
}

// moves returns what there is to be moved, and the credentials file.
func (t *tool) moves() (moves []move, file string, err error) {
	file, stored, err := t.config.StoredCredentials()
	if err != nil {
		return nil, "", err
	}
	only := ""
	if t.registry != "" {
		r, err := t.find(t.registry)
		if err != nil {
			return nil, "", err
		}
		if only, err = t.credentialsName(r); err != nil {
			return nil, "", err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		if stored[name].Token == nil || t.registry != "" && name != only {
			continue
		}
		moves = append(moves, move{tool: t, file: file, name: name, display: cmp.Or(name, cratesIO), token: stored[name].Token.Val})
	}
	return moves, file, nil
}

// move moves one token.
type move struct {
	*tool
	file string
	// name is the registry's in the credentials file's methods, display how people
	// call it.
	name, display string
	token         config.Secret
}

// stays says that the token is only where it was.
func (m move) stays(err error) error {
	return fmt.Errorf("the token for `%s` stays in %s: %w", m.display, m.file, err)
}

func (m move) run(ctx context.Context) error {
	r, err := m.find(m.display)
	if err != nil {
		return m.stays(elsewhere{err})
	}
	store, err := m.store(ctx, r)
	if err != nil {
		return m.stays(err)
	}
	e := keyring.Entry{IndexURL: r.Index, Name: r.Name}
	if err := m.put(ctx, store, e); err != nil {
		return m.stays(err)
	}
	if m.dryRun {
		m.shell.Status("Dry run", fmt.Sprintf("would have moved the token for `%s` from %s to %s", m.display, m.file, store.Name()))
		return nil
	}
	if err := m.config.RemoveToken(ctx, m.name, m.token); err != nil {
		return fmt.Errorf("the token for `%s` is in %s now, and still in %s: %w", m.display, store.Name(), m.file, err)
	}
	m.shell.Status("Migrated", fmt.Sprintf("token for `%s` from %s to %s", m.display, m.file, store.Name()))
	return nil
}

// elsewhere says why the token is none that Cargo would look for in the store.
type elsewhere struct{ error }

func (e elsewhere) Unwrap() error { return e.error }

var errUnregistered = errors.New("no provider that Cargo asks uses the secret store; run `" + programName + " register` first")

// store returns the secret store that the registry's providers use. A fallback
// is none: it may forget the token when the machine is switched off.
func (m move) store(ctx context.Context, r registry.Registry) (keyring.Store, error) {
	used, err := m.credentialsName(r)
	if err != nil {
		return nil, elsewhere{err}
	}
	if used != m.name {
		return nil, elsewhere{errors.New("Cargo does not use it: it looks for the registry's token under another name")}
	}
	providers, err := (&credential.Chain{Config: m.config}).Providers(r)
	if err != nil {
		return nil, err
	}
	for _, p := range providers {
		options, err := storeOf(p)
		if err != nil {
			return nil, err
		}
		if options != nil {
			options.Fallback = ""
			return keyring.Open(ctx, *options)
		}
	}
	if len(providers) == 1 && providers[0].Definition != (config.Definition{}) {
		return nil, elsewhere{fmt.Errorf("its provider is `%s` (%s)", providers[0].Name, providers[0].Definition)}
	}
	return nil, elsewhere{errUnregistered}
}

// put stores the token and reads it back. Another one that is there already is
// in use, and not for us to replace.
func (m move) put(ctx context.Context, store keyring.Store, e keyring.Entry) error {
	if err := credential.CheckToken(m.token); err != nil {
		return err
	}
	found, err := store.Get(ctx, e)
	switch {
	case err == nil && found == m.token:
		return nil
	case err == nil:
		return fmt.Errorf("%s has another token for it, which Cargo uses; to keep that one, remove the line from the file, "+
			"to use the file's, run `cargo login --registry %s` with it", store.Name(), m.display)
	case !errors.Is(err, credential.ErrNotFound):
		return err
	case m.dryRun:
		return nil
	}
	if err := store.Set(ctx, e, m.token); err != nil {
		return err
	}
	found, err = store.Get(ctx, e)
	if err != nil {
		return fmt.Errorf("it could not be read back from %s: %w", store.Name(), err)
	}
	if found != m.token {
		return fmt.Errorf("%s gives another token back than it was given", store.Name())
	}
	return nil
}
