package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

func (t *tool) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show which provider serves each registry, and where its token is",
		Long: `Show for every configured registry and crates.io which credential providers Cargo
asks and where they are configured, whether there is a token and in which store,
and what stands in its way. Tokens are never shown, and no other provider is run.`,
		Args: noArgs,
		RunE: t.configured(func(c *cobra.Command) error {
			r, err := t.status(c.Context())
			if err != nil {
				return err
			}
			if t.json {
				encoder := json.NewEncoder(c.OutOrStdout())
				encoder.SetEscapeHTML(false)
				encoder.SetIndent("", "  ")
				return encoder.Encode(r)
			}
			return r.print(c.OutOrStdout())
		}),
	}
	t.registryFlag(c, "The `NAME` of the one registry to show")
	c.Flags().BoolVar(&t.json, "json", false, "Print JSON")
	return c
}

// status looks at everything. What is wrong with one registry is said there, and
// stops nothing else unless it is the one that was asked for.
func (t *tool) status(ctx context.Context) (*report, error) {
	r := &report{Registries: []registryReport{}}
	names := []string{t.registry}
	if t.registry == "" {
		names = []string{cratesIO}
		configured, err := t.config.Registries()
		if err != nil {
			r.Problems = append(r.Problems, err.Error())
		}
		for _, registry := range configured {
			if registry.Name != cratesIO {
				names = append(names, registry.Name)
			}
		}
	} else if _, err := t.find(t.registry); err != nil {
		return nil, err
	}
	// What Cargo would warn of is said in the notes.
	t.config.Notify = nil
	file, stored, err := config.StoredCredentials(t.config.Home)
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
	}
	chain := &credential.Chain{Config: t.config}
	stores := stores{}
	var options *keyring.Options
	for _, name := range names {
		l := lookup{ctx: ctx, registryReport: registryReport{Name: name, Providers: []providerReport{}}, file: file, stores: stores}
		if err := l.registry(t, chain, stored); err != nil {
			l.note("%v", err)
			l.Unknown = l.Token == nil
		}
		if options == nil {
			options = l.options
		}
		r.Registries = append(r.Registries, l.registryReport)
	}
	if options == nil {
		options = &keyring.Options{Environ: t.config.Environ}
	}
	r.Store = stores.status(ctx, *options)
	return r, nil
}

// lookup looks for the token of one registry.
type lookup struct {
	registryReport
	ctx context.Context
	// file is the credentials file.
	file string
	// options are those of this program, if it is one of the providers.
	options *keyring.Options
	stores  stores
}

func (l *lookup) note(format string, args ...any) {
	l.Notes = append(l.Notes, fmt.Sprintf(format, args...))
}

// found notes a token. The first one is used.
func (l *lookup) found(provider, where string) {
	token := tokenReport{provider, where}
	if l.Token == nil && provider != "" {
		l.Token = &token
		return
	}
	l.Unused = append(l.Unused, token)
}

func (l *lookup) registry(t *tool, chain *credential.Chain, stored map[string]config.Stored) error {
	r, err := t.find(l.Name)
	if err != nil {
		return err
	}
	l.Index = r.Index
	providers, err := chain.Providers(r)
	if err != nil {
		return err
	}
	configured, err := registry.Credentials(t.config, r)
	if err != nil {
		return err
	}
	name, err := t.credentialsName(r)
	if err != nil {
		return err
	}
	plain := ""
	if configured != nil && configured.Token != nil {
		plain = configured.Token.Definition.String()
	}
	served := false
	for _, p := range providers {
		definition := p.Definition.String()
		if p.Definition.Kind == config.BuiltIn {
			definition = "Cargo's default"
		}
		shown := providerReport{Provider: p.Name, DefinedIn: definition}
		if isOurs(p.Name) {
			shown.Args = p.Args
		}
		l.Providers = append(l.Providers, shown)
		if err := l.provider(p, r, plain); err != nil {
			l.note("`%s`: %v", p.Name, err)
			l.Unknown = l.Unknown || l.Token == nil
		}
		served = served || p.Name == tokenProvider
	}
	if plain != "" && !served {
		l.found("", plain)
	}
	isStored := stored[name].Token != nil
	if isStored && plain != l.file {
		l.found("", l.file)
	}
	if isStored && l.options != nil {
		l.note("a token is left in plain text in %s; `%s migrate` moves it", l.file, programName)
	}
	return nil
}

// provider looks for what a provider has, as far as that can be known without
// running it.
func (l *lookup) provider(p credential.Configured, r registry.Registry, plain string) error {
	options, err := storeOf(p)
	switch {
	case err != nil:
		return err
	case options != nil:
		if isOurs(p.Name) {
			l.options = options
			if _, err := exec.LookPath(p.Name); err != nil {
				return fmt.Errorf("it cannot be run: %w", config.OSError(err))
			}
		}
		store := l.stores.open(l.ctx, *options)
		has, err := store.get(l.ctx, keyring.Entry{IndexURL: r.Index, Name: r.Name})
		switch {
		case errors.Is(err, keyring.ErrUnavailable) && isOurs(p.Name):
			l.note("`%s` finds no secret store and leaves the registry to the next provider, if there is one", p.Name)
		case err != nil:
			return err
		case has:
			l.found(p.Name, store.Name())
		}
	case p.Name == tokenProvider:
		if plain != "" {
			l.found(p.Name, plain)
		}
	default:
		return errors.New("whether it has a token is not known, since it is not run")
	}
	return nil
}
