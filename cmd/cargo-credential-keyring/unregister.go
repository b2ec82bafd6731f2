package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

func (t *tool) unregisterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "unregister",
		Short: "Remove this program from the credential providers in Cargo's configuration",
		Long: `Remove this program from the credential providers in Cargo's configuration: what
register has added. Tokens in the secret store stay there.`,
		Args: noArgs,
		RunE: t.configured(func(c *cobra.Command) error { return t.unregister(c.Context()) }),
	}
	t.registryFlag(c, "The `NAME` of the one registry that was registered")
	t.dryRunFlag(c.Flags())
	return c
}

// unregister takes back what register has done.
func (t *tool) unregister(ctx context.Context) error {
	var own []string
	if t.registry != "" {
		r, err := t.find(t.registry)
		if err != nil {
			// It may be that it is not configured any more.
			r = registry.Registry{Name: t.registry}
		}
		if own, err = t.ownKey(r); err != nil {
			return err
		}
	}
	var others []string
	err := t.change(ctx, own, "Unregistered", "not registered", func(r *registration) (note string, err error) {
		if own == nil {
			err = r.removeGlobal()
		} else {
			err = r.removeOwn()
		}
		if err == nil {
			err = r.removeAliases()
		}
		others = r.users()
		return "", err
	})
	if err != nil {
		return err
	}
	for _, name := range others {
		t.config.Notice(config.Note, "registry `%s` still has this provider of its own; to change that, run `%s unregister --registry %[1]s`",
			name, programName)
	}
	return nil
}

func (r *registration) removeGlobal() error {
	for _, text := range r.Strings(globalProviders...) {
		if !isOurs(r.entry(text, strings.Fields(text)).program) {
			continue
		}
		if err := r.RemoveString(text, globalProviders...); err != nil {
			return err
		}
		left := r.Strings(globalProviders...)
		if r.Comment(globalProviders...) == addedComment && slices.Equal(left, []string{tokenProvider}) || len(left) == 0 {
			return r.Unset(globalProviders...)
		}
	}
	return nil
}

func (r *registration) removeOwn() error {
	if !isOurs(r.entry("", r.words(r.own)).program) {
		return nil
	}
	if restored, err := r.Restore(r.own...); restored || err != nil {
		return err
	}
	return r.Unset(r.own...)
}

// users returns the registries of which this program is the own provider.
func (r *registration) users() (names []string) {
	for name, words := range r.owned() {
		if isOurs(r.entry("", words).program) {
			names = append(names, name)
		}
	}
	return names
}
