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

// Where the tokens are: migrate moves them, status shows them.

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

var errUnregistered = errors.New("no provider that Cargo asks uses the secret store; run `" + programName + " register` first")

// elsewhere says why Cargo would not look for a token in the store.
type elsewhere struct{ error }

func (e elsewhere) Unwrap() error { return e.error }

// migrate moves every token that it can. It shows all errors but the last, and
// returns that one. Tokens that do not belong in the store stay.
func (t *tool) migrate(ctx context.Context) error {
	file, stored, err := t.config.StoredCredentials()
	if err != nil {
		return err
	}
	maps.DeleteFunc(stored, func(_ string, s *config.RegistryConfig) bool { return s.Token == nil })
	names, of := slices.Sorted(maps.Keys(stored)), ""
	if t.registry != "" {
		_, name, err := t.find(t.registry)
		if err != nil {
			return err
		}
		names, of = slices.DeleteFunc(names, func(other string) bool { return other != name }), " for "+t.served()
	}
	if len(names) == 0 {
		t.shell.Status("Unchanged", "no token"+of+" in "+file)
		return nil
	}
	var failed, left []error
	for _, name := range names {
		err := t.move(ctx, file, name, stored[name].Token.Val)
		switch {
		case err == nil:
		case errors.As(err, new(elsewhere)) && t.registry == "":
			left = append(left, err)
		default:
			failed = append(failed, err)
		}
		if ctx.Err() != nil || errors.Is(err, keyring.ErrUnavailable) || errors.Is(err, keyring.ErrNoAnswer) {
			break // the others would wait for the same store
		}
	}
	if len(left) == len(names) && errors.Is(left[0], errUnregistered) {
		return left[0]
	}
	for _, err := range left {
		t.shell.Warn("%v", err)
	}
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[:len(failed)-1] {
		t.shell.Error(err)
	}
	return failed[len(failed)-1]
}

// move moves the token with that name in the credentials file.
func (t *tool) move(ctx context.Context, file, name string, token config.Secret) error {
	shown := cmp.Or(name, cratesIO)
	store, err := t.copyToStore(ctx, name, token)
	if err != nil {
		return fmt.Errorf("the token for `%s` stays in %s: %w", shown, file, err)
	}
	if t.dryRun {
		t.shell.Status("Dry run", fmt.Sprintf("would have moved the token for `%s` from %s to %s", shown, file, store.Name()))
		return nil
	}
	if err := t.config.RemoveToken(ctx, name, token); err != nil {
		return fmt.Errorf("the token for `%s` is in %s now, and still in %s: %w", shown, store.Name(), file, err)
	}
	t.shell.Status("Migrated", fmt.Sprintf("token for `%s` from %s to %s", shown, file, store.Name()))
	return nil
}

// copyToStore puts the token into the store where Cargo looks for it, and reads it
// back. A different token in the store is in use, and stays.
func (t *tool) copyToStore(ctx context.Context, name string, token config.Secret) (keyring.Store, error) {
	r, used, err := t.find(cmp.Or(name, cratesIO))
	if err != nil {
		return nil, elsewhere{err}
	}
	if used != name {
		return nil, elsewhere{errors.New("Cargo does not use it: it looks for the registry's token under another name")}
	}
	store, err := t.storeFor(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := credential.CheckToken(token); err != nil {
		return nil, err
	}
	found, err := store.Get(ctx, r.Index())
	switch {
	case err == nil && found == token:
		return store, nil
	case err == nil:
		return nil, fmt.Errorf("%s has another token for it, which Cargo uses; to keep that one, remove the line from the file; "+
			"to use the one in the file, run `cargo login --registry %s` with it", store.Name(), r.Name())
	case !errors.Is(err, credential.ErrNotFound):
		return nil, err
	case t.dryRun:
		return store, nil
	}
	if err := store.Set(ctx, r.Index(), r.Name(), token); err != nil {
		return nil, err
	}
	found, err = store.Get(ctx, r.Index())
	if err != nil {
		return nil, fmt.Errorf("it could not be read back from %s: %w", store.Name(), err)
	}
	if found != token {
		return nil, fmt.Errorf("%s returned a different token than it was given", store.Name())
	}
	return store, nil
}

// storeFor returns the secret store in which Cargo looks for a registry's token. A
// fallback does not count, because it may lose the token when the machine shuts down.
func (t *tool) storeFor(ctx context.Context, r registry.Registry) (keyring.Store, error) {
	providers, err := t.providers(r)
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
		return nil, elsewhere{fmt.Errorf("its provider is `%s` (%s)", providers[0].Path, providers[0].Definition)}
	}
	return nil, elsewhere{errUnregistered}
}

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
			text := t.shell.Clean(r.text())
			if asJSON {
				if text, err = untrusted.JSON(r); err != nil {
					return err
				}
			}
			_, err = io.WriteString(c.OutOrStdout(), text)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
	return c
}

// report is what status shows. It never contains a token.
type report struct {
	Store      *storeReport     `json:"store"`
	Registries []registryReport `json:"registries"`
	// Problems concern the configuration as a whole.
	Problems []string `json:"problems,omitempty"`
}

// storeReport is a secret store as it was found. One that is unavailable or does not
// answer is not asked again.
type storeReport struct {
	Name string `json:"name"`
	// Available means that the store can be reached, Locked that a person must
	// unlock it.
	Available bool   `json:"available"`
	Locked    bool   `json:"locked"`
	Problem   string `json:"problem,omitempty"`

	store keyring.Store
	err   error
}

type registryReport struct {
	Name  string `json:"name"`
	Index string `json:"index,omitempty"`
	// Providers are in the order in which Cargo asks them.
	Providers []providerReport `json:"providers"`
	// Token is the one that Cargo would use, Unused are the others. Unknown means
	// that Cargo first asks a provider that status cannot look into.
	Token   *tokenReport  `json:"token"`
	Unknown bool          `json:"token_unknown,omitempty"`
	Unused  []tokenReport `json:"unused_tokens,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
}

type providerReport struct {
	Provider string `json:"provider"`
	// Args are set for this program only: those of others may be secrets.
	Args []string `json:"args,omitempty"`
	// DefinedIn is the file or variable that names the provider.
	DefinedIn string `json:"defined_in"`
}

type tokenReport struct {
	// Provider is the one that has the token; empty if Cargo asks none that has it.
	Provider string `json:"provider,omitempty"`
	// Where is the secret store's name, a file or an environment variable.
	Where string `json:"where"`
}

// status looks at everything. An error in one registry becomes a note on it, unless
// the user named that registry.
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
	} else if _, _, err := t.find(t.registry); err != nil {
		return nil, err
	}
	t.config = t.config.Quiet() // the notes say what Cargo would warn about
	file, stored, err := t.config.StoredCredentials()
	if err != nil {
		r.Problems = append(r.Problems, err.Error())
	}
	l := &lookup{tool: t, ctx: ctx, file: file, stored: stored, stores: map[string]*storeReport{}}
	for _, name := range names {
		r.Registries = append(r.Registries, l.registry(name))
	}
	if l.options == nil {
		l.options = &keyring.Options{Environ: t.config.Environ}
	}
	r.Store = l.open(*l.options)
	return r, nil
}

// lookup looks for the tokens of one registry after another.
type lookup struct {
	*tool
	ctx    context.Context
	file   string // the credentials file
	stored map[string]*config.RegistryConfig
	stores map[string]*storeReport // by the options that choose one
	// options are this program's, for the first registry that it serves.
	options *keyring.Options

	// report is about the current registry; serves means that this program serves
	// it.
	report *registryReport
	serves bool
}

func (l *lookup) note(format string, args ...any) {
	l.report.Notes = append(l.report.Notes, fmt.Sprintf(format, args...))
}

// found reports a token. Cargo uses the first that a provider has.
func (l *lookup) found(provider, where string) {
	token := tokenReport{provider, where}
	if l.report.Token == nil && provider != "" {
		l.report.Token = &token
		return
	}
	l.report.Unused = append(l.report.Unused, token)
}

func (l *lookup) registry(name string) registryReport {
	l.report, l.serves = &registryReport{Name: name, Providers: []providerReport{}}, false
	if err := l.look(name); err != nil {
		l.note("%v", err)
		l.report.Unknown = l.report.Token == nil
	}
	return *l.report
}

func (l *lookup) look(name string) error {
	r, inFile, err := l.find(name)
	l.report.Index = r.Index()
	if err != nil {
		return err
	}
	providers, err := l.providers(r)
	if err != nil {
		return err
	}
	configured, err := registry.Credentials(l.config, r)
	if err != nil {
		return err
	}
	plain := "" // where a token is configured
	if configured != nil && configured.Token != nil {
		plain = configured.Token.Definition.String()
	}
	served := false
	for _, p := range providers {
		shown := providerReport{Provider: p.Path, DefinedIn: p.Definition.String()}
		if p.Definition == (config.Definition{}) {
			shown.DefinedIn = "Cargo's default"
		}
		if isOurs(p.Path) {
			shown.Args = p.Args
		}
		l.report.Providers = append(l.report.Providers, shown)
		if err := l.provider(p, r, plain); err != nil {
			l.note("`%s`: %v", p.Path, err)
			l.report.Unknown = l.report.Unknown || l.report.Token == nil
		}
		served = served || p.Path == tokenProvider
	}
	if plain != "" && !served {
		l.found("", plain)
	}
	if stored := l.stored[inFile]; stored == nil || stored.Token == nil {
		return nil
	}
	if plain != l.file {
		l.found("", l.file)
	}
	if l.serves {
		l.note("a token is left in plain text in %s; `%s migrate` moves it", l.file, programName)
	}
	return nil
}

// provider looks for a provider's token without running the provider.
func (l *lookup) provider(p config.Program, r registry.Registry, plain string) error {
	options, err := storeOf(p)
	switch {
	case err != nil:
		return err
	case options != nil:
		if isOurs(p.Path) {
			l.options, l.serves = cmp.Or(l.options, options), true
			if _, err := exec.LookPath(p.Path); err != nil {
				return fmt.Errorf("it cannot be run: %w", system.Error(err))
			}
		}
		store := l.open(*options)
		has, err := store.has(l.ctx, r.Index())
		switch {
		case errors.Is(err, keyring.ErrUnavailable) && isOurs(p.Path):
			l.note("`%s` finds no secret store and leaves the registry to the next provider, if there is one", p.Path)
		case err != nil:
			return err
		case has:
			l.found(p.Path, store.Name)
		}
	case p.Path == tokenProvider:
		if plain != "" {
			l.found(p.Path, plain)
		}
	default:
		return errors.New("status does not run this provider, so its token is not known")
	}
	return nil
}

// open opens a store without asking anyone to unlock it.
func (l *lookup) open(o keyring.Options) *storeReport {
	key := o.Backend + " " + o.Fallback
	if s := l.stores[key]; s != nil {
		return s
	}
	s := &storeReport{Name: o.Backend}
	l.stores[key] = s
	o.MayPrompt = false
	if s.store, s.err = keyring.Open(l.ctx, o); s.store != nil {
		s.Name = s.store.Name()
	}
	if s.err == nil {
		s.Locked, s.err = s.store.Locked(l.ctx)
	}
	s.note(s.err)
	return s
}

// has reports whether the store has a token for the registry.
func (s *storeReport) has(ctx context.Context, indexURL string) (bool, error) {
	switch {
	case s.err != nil:
		return false, s.err
	case s.Locked:
		return false, errors.New("the secret store is locked")
	}
	_, err := s.store.Get(ctx, indexURL)
	switch {
	case errors.Is(err, credential.ErrNotFound):
		return false, nil
	case errors.Is(err, keyring.ErrUnavailable), errors.Is(err, keyring.ErrNoAnswer):
		s.note(err)
	}
	return err == nil, err
}

// note notes that the store can be reached, or why not.
func (s *storeReport) note(err error) {
	s.err, s.Available = err, err == nil
	if err != nil {
		s.Problem = err.Error()
	}
}

// text returns the report for people.
func (r *report) text() string {
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
	line := func(what, text string) { fmt.Fprintf(&b, "  %-9s %s\n", what, text) }
	for _, r := range r.Registries {
		fmt.Fprintf(&b, "\n%s %s\n", r.Name, r.Index)
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
	return b.String()
}
