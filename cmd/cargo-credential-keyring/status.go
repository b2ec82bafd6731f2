package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

func (t *tool) statusCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "status",
		Short: "Show which provider serves each registry, and where its token is",
		Long: `Show for every configured registry and crates.io which credential providers Cargo
asks and where they are configured, whether there is a token and in which store,
and what stands in its way. Tokens are never shown, and no other provider is run.`,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := t.status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				text, err := untrusted.JSON(r)
				if err != nil {
					return err
				}
				_, err = io.WriteString(c.OutOrStdout(), text)
				return err
			}
			_, err = io.WriteString(c.OutOrStdout(), t.shell.Clean(r.String()))
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
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
		for _, name := range slices.Sorted(maps.Keys(configured)) {
			if name != cratesIO {
				names = append(names, name)
			}
		}
	} else if _, err := t.find(t.registry); err != nil {
		return nil, err
	}
	// What Cargo would warn of is said in the notes.
	t.config = t.config.Quiet()
	file, stored, err := t.config.StoredCredentials()
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
		options = cmp.Or(options, l.options)
		r.Registries = append(r.Registries, l.registryReport)
	}
	r.Store = stores.status(ctx, *cmp.Or(options, &keyring.Options{Environ: t.config.Environ}))
	return r, nil
}

// lookup looks for the token of one registry.
type lookup struct {
	registryReport
	ctx  context.Context
	file string // the credentials file
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

func (l *lookup) registry(t *tool, chain *credential.Chain, stored map[string]*config.RegistryConfig) error {
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
		if p.Definition == (config.Definition{}) {
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
	isStored := stored[name] != nil && stored[name].Token != nil
	if isStored && plain != l.file {
		l.found("", l.file)
	}
	if isStored && l.options != nil {
		l.note("a token is left in plain text in %s; `%s migrate` moves it", l.file, programName)
	}
	return nil
}

// provider looks for what a provider has, without running it.
func (l *lookup) provider(p credential.Configured, r registry.Registry, plain string) error {
	options, err := storeOf(p)
	switch {
	case err != nil:
		return err
	case options != nil:
		if isOurs(p.Name) {
			l.options = options
			if _, err := exec.LookPath(p.Name); err != nil {
				return fmt.Errorf("it cannot be run: %w", system.Error(err))
			}
		}
		options.MayPrompt = false // a status unlocks nothing
		store := l.stores.open(l.ctx, *options)
		has, err := store.has(l.ctx, keyring.Entry{IndexURL: r.Index, Name: r.Name})
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

// stores are the secret stores that have been opened. One that is not available,
// or does not answer, is not waited for again.
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

// locked reports whether a person would have to unlock the store.
func (o *opened) locked(ctx context.Context) (locked bool, err error) {
	if o.err == nil {
		locked, o.err = o.Locked(ctx)
	}
	return locked, o.err
}

// has reports whether the store has the entry.
func (o *opened) has(ctx context.Context, e keyring.Entry) (bool, error) {
	locked, err := o.locked(ctx)
	switch {
	case err != nil:
		return false, err
	case locked:
		return false, errors.New("the secret store is locked")
	}
	_, err = o.Get(ctx, e)
	switch {
	case errors.Is(err, credential.ErrNotFound):
		return false, nil
	case errors.Is(err, keyring.ErrUnavailable), errors.Is(err, keyring.ErrNoAnswer):
		o.err = err
	}
	return err == nil, err
}

func (s stores) status(ctx context.Context, options keyring.Options) storeReport {
	o := s.open(ctx, options)
	locked, err := o.locked(ctx)
	r := storeReport{Name: options.Backend, Available: err == nil, Locked: locked}
	if o.Store != nil {
		r.Name = o.Name()
	}
	if err != nil {
		r.Problem = err.Error()
	}
	return r
}

// report is what status shows. It never holds a token.
type report struct {
	Store      storeReport      `json:"store"`
	Registries []registryReport `json:"registries"`
	// Problems are about the configuration as a whole.
	Problems []string `json:"problems,omitempty"`
}

type storeReport struct {
	Name string `json:"name"`
	// Available says that the store can be reached, and Locked that a person has
	// to unlock it.
	Available bool   `json:"available"`
	Locked    bool   `json:"locked"`
	Problem   string `json:"problem,omitempty"`
}

type registryReport struct {
	Name  string `json:"name"`
	Index string `json:"index,omitempty"`
	// Providers are in the order in which Cargo asks them.
	Providers []providerReport `json:"providers"`
	// Token is the one that Cargo would use; Unused are those after it. If Unknown
	// is set, Cargo asks a provider first that cannot be looked into.
	Token   *tokenReport  `json:"token"`
	Unknown bool          `json:"token_unknown,omitempty"`
	Unused  []tokenReport `json:"unused_tokens,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
}

type providerReport struct {
	Provider string `json:"provider"`
	// Args are this program's; those of others may be secrets.
	Args []string `json:"args,omitempty"`
	// DefinedIn is the file or the variable that names it.
	DefinedIn string `json:"defined_in"`
}

type tokenReport struct {
	// Provider is the one that has it; empty if Cargo asks none that does.
	Provider string `json:"provider,omitempty"`
	// Where is the secret store's name, a file or an environment variable.
	Where string `json:"where"`
}

// String is the report for people.
func (r *report) String() string {
	var b strings.Builder
	state := "unlocked"
	switch {
	case !r.Store.Available:
		state = r.Store.Problem
	case r.Store.Locked:
		state = "locked"
	}
	fmt.Fprintf(&b, "%s: %s\n", cmp.Or(r.Store.Name, "secret store"), state)
	for _, problem := range r.Problems {
		fmt.Fprintf(&b, "problem: %s\n", problem)
	}
	for _, registry := range r.Registries {
		registry.print(&b)
	}
	return b.String()
}

func (r *registryReport) print(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s %s\n", r.Name, r.Index)
	line := func(what, text string) { fmt.Fprintf(b, "  %-9s %s\n", what, text) }
	for i, p := range r.Providers {
		what := "provider"
		if i > 0 {
			what = "then"
		}
		line(what, fmt.Sprintf("%s (%s)", strings.Join(append([]string{p.Provider}, p.Args...), " "), p.DefinedIn))
	}
	switch {
	case r.Token == nil && r.Unknown:
		line("token", "not known")
	case r.Token == nil:
		line("token", "none found")
	default:
		line("token", "in "+r.Token.Where)
	}
	for _, token := range r.Unused {
		line("unused", "a token in "+token.Where)
	}
	for _, note := range r.Notes {
		line("note", note)
	}
}
