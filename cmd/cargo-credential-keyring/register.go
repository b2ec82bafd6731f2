package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// globalProviders is the place in the configuration that names the providers of
// all registries that have none of their own.
var globalProviders = []string{"registry", "global-credential-providers"}

const tokenProvider = "cargo:token"

// addedComment stands behind what was not there before, so that it can go again.
const addedComment = "added by `" + programName + " register`"

func (t *tool) registerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "register",
		Short: "Add this program to the credential providers in Cargo's configuration",
		Long: `Add this program to the credential providers in Cargo's configuration, the file
config.toml in Cargo's home.

It becomes the provider that Cargo asks first, unless it is listed already: for
one registry, or for all that have no provider of their own. Options for the
store are written behind it.`,
		Args: noArgs,
	}
	var options keyring.Options
	store := pflag.NewFlagSet("", pflag.ContinueOnError)
	storeFlags(store, &options)
	c.Flags().AddFlagSet(store)
	completeStores(c)
	t.registryFlag(c, "The `NAME` of the one registry to serve")
	t.dryRunFlag(c.Flags())
	c.RunE = t.configured(func(c *cobra.Command) error {
		var args []string
		store.VisitAll(func(f *pflag.Flag) {
			if f.Changed {
				args = append(args, "--"+f.Name, f.Value.String())
			}
		})
		if err := options.Validate(); err != nil {
			return err
		}
		return t.register(c.Context(), args)
	})
	return c
}

// registration is a change of the file in Cargo's home. For a registry's own
// provider own is the key that Cargo reads; nil is the list of global ones.
type registration struct {
	*tool
	*config.HomeFile
	own []string
}

// change makes a change and says what has been done. If another program has
// changed the file meanwhile it is made again, to the new content.
func (t *tool) change(ctx context.Context, own []string, verb, unchanged string, do func(*registration) (note string, err error)) error {
	for {
		f, err := config.ReadHomeFile(t.config.Home)
		if err != nil {
			return err
		}
		note, err := do(&registration{t, f, own})
		if err != nil {
			return err
		}
		text := "`" + programName + "` for " + t.served() + " in " + f.Path()
		switch {
		case !f.Changed():
			t.shell.Status("Unchanged", unchanged+": "+text)
			return nil
		case t.dryRun:
			t.shell.Status("Dry run", "would have "+strings.ToLower(verb)+" "+text+note)
			return nil
		}
		err = f.Save(ctx)
		if errors.Is(err, config.ErrChanged) {
			continue
		}
		if err == nil {
			t.shell.Status(verb, text+note)
		}
		return err
	}
}

// served says for which registries the command is.
func (t *tool) served() string {
	if t.registry == "" {
		return "all registries"
	}
	return "registry `" + t.registry + "`"
}

// register makes this program a provider. args are its arguments if the user
// gave any; an existing entry keeps its own otherwise.
func (t *tool) register(ctx context.Context, args []string) error {
	program, err := selfPath()
	if err != nil {
		return err
	}
	// What is wrong with the configuration shows before anything is written.
	_, own, err := t.asked()
	if err != nil {
		return err
	}
	err = t.change(ctx, own, "Registered", "already registered", func(r *registration) (note string, err error) {
		if own == nil {
			err = r.addGlobal(program, args)
		} else {
			note, err = r.setOwn(program, args)
		}
		if err == nil {
			err = r.removeAliases()
		}
		return note, err
	})
	if err != nil || t.dryRun {
		return err
	}
	t.config = t.quiet()
	first, _, err := t.asked()
	if err != nil || first == nil || isOurs(first.Name) {
		return err
	}
	which := t.served()
	if own == nil {
		which = "crates.io"
	}
	t.shell.Notify(config.Notice{Kind: config.Warning, Text: fmt.Sprintf("for %s Cargo asks `%s` first, which is configured in %s",
		which, first.Name, first.Definition)})
	return nil
}

// asked returns the provider that Cargo asks first, and the key of the
// registry's own one if a registry is named.
func (t *tool) asked() (first *credential.Configured, own []string, err error) {
	name := t.registry
	if name == "" {
		name = cratesIO
	}
	r, err := t.find(name)
	if err != nil {
		return nil, nil, err
	}
	providers, err := (&credential.Chain{Config: t.config}).Providers(r)
	if err != nil {
		return nil, nil, err
	}
	if len(providers) > 0 {
		first = &providers[0]
	}
	if t.registry != "" {
		own, err = t.ownKey(r)
	}
	return first, own, err
}

// ownKey is where Cargo looks for a registry's own provider.
func (t *tool) ownKey(r registry.Registry) ([]string, error) {
	name, err := t.credentialsName(r)
	return providerKey(name), err
}

// providerKey is ownKey for a name as the credentials file's methods have it.
func providerKey(name string) []string {
	if name == "" {
		return []string{"registry", "credential-provider"}
	}
	return []string{"registries", name, "credential-provider"}
}

// addGlobal adds the program to the list of global providers.
func (r *registration) addGlobal(program string, args []string) error {
	var old *entry
	texts := r.Strings(globalProviders...)
	for _, text := range texts {
		if e := r.entry(text, strings.Fields(text)); isOurs(e.program) {
			old = &e
		}
	}
	if old != nil && old.isCurrent(args) {
		return nil
	}
	if old != nil && args == nil {
		args = old.args
	}
	text, err := r.name(program, args)
	switch {
	case err != nil:
		return err
	case old != nil:
		return r.ReplaceString(old.text, text, globalProviders...)
	case !r.Has(globalProviders...):
		return r.SetStrings([]string{tokenProvider, text}, addedComment, globalProviders...)
	case len(texts) == 0:
		if err := r.AppendString(tokenProvider, globalProviders...); err != nil {
			return err
		}
	}
	return r.AppendString(text, globalProviders...)
}

// setOwn makes the program the provider of one registry, and says what it
// replaces.
func (r *registration) setOwn(program string, args []string) (note string, err error) {
	words := r.words(r.own)
	e := r.entry("", words)
	ours := isOurs(e.program)
	switch {
	case ours && e.isCurrent(args):
		return "", nil
	case ours && args == nil:
		args = e.args
	}
	text, err := r.name(program, args)
	switch {
	case err != nil:
		return "", err
	case ours || !r.Has(r.own...):
		return "", r.Set(text, r.own...)
	}
	kept, err := r.Substitute(text, r.own...)
	note = ", in place of `" + strings.Join(words, " ") + "`"
	if !kept {
		note += ", which `unregister` cannot put back"
	}
	return note, err
}

// owned returns the providers that registries have of their own in the file.
func (r *registration) owned() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if !yield(cratesIO, r.words(providerKey(""))) {
			return
		}
		for _, name := range r.Keys("registries") {
			if !yield(name, r.words(providerKey(name))) {
				return
			}
		}
	}
}

// words returns the words of the program that a key has.
func (r *registration) words(key []string) []string {
	p := r.Program(key...)
	if p == nil {
		return nil
	}
	return append([]string{p.Name}, p.Args...)
}
