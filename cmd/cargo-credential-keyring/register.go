package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/internal/tomledit"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// globalProviders is the key of the providers of all other registries.
var globalProviders = config.Key{"registry", "global-credential-providers"}

// addedComment stands after what was not there before, so that it can go again.
const addedComment = "added by `" + programName + " register`"

func (t *tool) registerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "register",
		Short: "Add this program to the credential providers in Cargo's configuration",
		Long: `Add this program to the credential providers in Cargo's configuration, the file
config.toml in Cargo's home.

It becomes the provider that Cargo asks first, unless it is listed already: for
one registry, or for all that have no provider of their own. Options for the
store are written after it.`,
	}
	var options keyring.Options
	store := pflag.NewFlagSet("", pflag.ContinueOnError)
	storeFlags(store, &options)
	c.Flags().AddFlagSet(store)
	for flag, stores := range map[string][]string{"backend": {keyring.SecretService, keyring.Keyutils}, "fallback": {keyring.Keyutils}} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(stores, cobra.ShellCompDirectiveNoFileComp))
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
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
	}
	return c
}

// registration is a change of the file in Cargo's home. own is the key of a
// registry's own provider; nil is the list of global ones.
type registration struct {
	*tool
	*config.File
	own config.Key
}

// errDryRun keeps a dry run's change from being saved.
var errDryRun = errors.New("dry run")

// change makes a change and says what has been done.
func (t *tool) change(ctx context.Context, own config.Key, verb, unchanged string, do func(*registration) (note string, err error)) error {
	var text, note string
	changed, err := t.config.Edit(ctx, func(f *config.File) error {
		var err error
		note, err = do(&registration{t, f, own})
		text = "`" + programName + "` for " + t.served() + " in " + f.Path
		if err == nil && t.dryRun {
			err = errDryRun
		}
		return err
	})
	switch {
	case err != nil && !errors.Is(err, errDryRun):
		return err
	case !changed:
		t.shell.Status("Unchanged", unchanged+": "+text)
	case t.dryRun:
		t.shell.Status("Dry run", "would have "+strings.ToLower(verb)+" "+text+note)
	default:
		t.shell.Status(verb, text+note)
	}
	return nil
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
	t.config = config.New(t.config.Quiet().Options) // all warnings have been shown
	first, _, err := t.asked()
	if err != nil || first.Name == "" || isOurs(first.Name) {
		return err
	}
	which := t.served()
	if own == nil {
		which = "crates.io"
	}
	t.shell.Notify(config.Message{Kind: config.Warning, Text: fmt.Sprintf("for %s Cargo asks `%s` first, which is configured in %s",
		which, first.Name, first.Definition)})
	return nil
}

// asked returns the provider that Cargo asks first, and a named registry's key.
func (t *tool) asked() (first credential.Configured, own config.Key, err error) {
	r, err := t.find(cmp.Or(t.registry, cratesIO))
	if err != nil {
		return first, nil, err
	}
	providers, err := (&credential.Chain{Config: t.config}).Providers(r)
	if err != nil {
		return first, nil, err
	}
	if len(providers) > 0 {
		first = providers[0]
	}
	if t.registry != "" {
		own, err = t.ownKey(r)
	}
	return first, own, err
}

func (t *tool) ownKey(r registry.Registry) (config.Key, error) {
	name, err := t.credentialsName(r)
	return providerKey(name), err
}

// providerKey is where Cargo looks for the own provider of a registry, which has
// the name that the credentials file's methods have.
func providerKey(name string) config.Key {
	if name == "" {
		return config.Key{"registry", "credential-provider"}
	}
	return config.Key{"registries", name, "credential-provider"}
}

// addGlobal adds the program to the list of global providers.
func (r *registration) addGlobal(program string, args []string) error {
	texts := r.words(globalProviders)
	var old config.Program
	ours := ""
	for _, text := range texts {
		if p := r.meaning(strings.Fields(text)); isOurs(p.Name) {
			ours, old = text, p // Cargo asks the last one first
		}
	}
	text, err := r.entry(old, program, args)
	isNew := r.Get(globalProviders) == nil
	switch {
	case err != nil || text == "":
		return err
	case ours != "":
		for i := range texts {
			if texts[i] == ours {
				texts[i] = text
			}
		}
	case len(texts) == 0:
		texts = []string{tokenProvider, text}
	default:
		texts = append(texts, text)
	}
	if err := r.SetList(globalProviders, texts); err != nil || !isNew {
		return err
	}
	return r.mark(globalProviders)
}

// setOwn makes the program a registry's provider, and says what it replaces.
func (r *registration) setOwn(program string, args []string) (note string, err error) {
	words := r.words(r.own)
	old := r.meaning(words)
	text, err := r.entry(old, program, args)
	switch {
	case err != nil || text == "":
		return "", err
	case isOurs(old.Name) || r.Get(r.own) == nil:
		return "", r.Set(r.own, text)
	}
	kept := false
	err = r.Change(r.own, func(d *tomledit.Document) (err error) {
		kept, err = d.Substitute(text, r.own...)
		return err
	})
	note = ", in place of `" + strings.Join(words, " ") + "`"
	if !kept {
		note += ", which `unregister` cannot put back"
	}
	return note, err
}

// mark adds the comment that something is added.
func (r *registration) mark(key config.Key) error {
	return r.Change(key, func(d *tomledit.Document) error { return d.AddComment(addedComment, key...) })
}

// isMarked reports whether a key has that comment.
func (r *registration) isMarked(key config.Key) (marked bool) {
	_ = r.Change(key, func(d *tomledit.Document) error {
		marked = d.Comment(key...) == addedComment
		return nil
	})
	return marked
}

// keys returns the keys of a table, sorted.
func (r *registration) keys(table string) []string {
	members, _ := r.Get(config.Key{table}).(map[string]any)
	return slices.Sorted(maps.Keys(members))
}

// owners returns, as the credentials file's methods have them, the names of the
// registries that may have a provider of their own in the file.
func (r *registration) owners() []string { return append([]string{""}, r.keys("registries")...) }

// words returns the strings of a list, or the words of a string.
func (r *registration) words(key config.Key) (words []string) {
	switch value := r.Get(key).(type) {
	case string:
		return strings.Fields(value)
	case []any:
		for _, element := range value {
			word, _ := element.(string)
			words = append(words, word)
		}
	}
	return words
}

func (t *tool) unregisterCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "unregister",
		Short: "Remove this program from the credential providers in Cargo's configuration",
		Long: `Remove this program from the credential providers in Cargo's configuration: what
register has added. Tokens in the secret store stay there.`,
		RunE: func(c *cobra.Command, _ []string) error { return t.unregister(c.Context()) },
	}
}

// unregister takes back what register has done.
func (t *tool) unregister(ctx context.Context) error {
	var own config.Key
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
		t.shell.Notify(config.Message{Kind: config.Note, Text: fmt.Sprintf("registry `%s` still has this provider of its own; to change that, run `%s unregister --registry %[1]s`",
			name, programName)})
	}
	return nil
}

func (r *registration) removeGlobal() error {
	texts := r.words(globalProviders)
	left := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return isOurs(r.meaning(strings.Fields(text)).Name) })
	switch {
	case len(left) == len(texts):
		return nil
	case len(left) == 0 || r.isMarked(globalProviders) && slices.Equal(left, []string{tokenProvider}):
		return r.Unset(globalProviders)
	}
	return r.SetList(globalProviders, left)
}

func (r *registration) removeOwn() error {
	if !isOurs(r.meaning(r.words(r.own)).Name) {
		return nil
	}
	restored := false
	err := r.Change(r.own, func(d *tomledit.Document) (err error) {
		restored, err = d.Restore(r.own...)
		return err
	})
	if restored && err == nil {
		return nil
	}
	// There is no old value, or the comment has been written by hand.
	return r.Unset(r.own)
}

// users returns the registries of which this program is the own provider.
func (r *registration) users() (names []string) {
	for _, name := range r.owners() {
		if isOurs(r.meaning(r.words(providerKey(name))).Name) {
			names = append(names, cmp.Or(name, cratesIO))
		}
	}
	return names
}

// meaning returns what the words of a provider mean, aliases resolved.
func (r *registration) meaning(words []string) config.Program {
	if len(words) == 1 {
		if p, err := r.config.Program("credential-alias." + words[0]); err == nil && p != nil {
			return *p
		}
	}
	if len(words) == 0 {
		return config.Program{}
	}
	return config.Program{Name: words[0], Args: words[1:]}
}

// entry returns what names the program in place of the old entry; "" if that is
// this program already, with the arguments that the user wants.
func (r *registration) entry(old config.Program, program string, args []string) (string, error) {
	if isOurs(old.Name) && args == nil {
		args = old.Args
	}
	if _, err := exec.LookPath(old.Name); err == nil && isOurs(old.Name) && slices.Equal(args, old.Args) {
		return "", nil
	}
	return r.name(program, args)
}

// selfPath returns the path by which this program was found: one that a package
// manager links stays right when it is upgraded.
func selfPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find out where this program is: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil {
		if found, err = filepath.Abs(found); err == nil && isOurs(found) {
			self = found
		}
	}
	if !isOurs(self) {
		return "", fmt.Errorf("this program must be called `%s` to be registered, not `%s`", programName, filepath.Base(self))
	}
	return self, nil
}

// name returns what names the program with its arguments. Cargo splits that at
// white space, so a path with some goes into an alias.
func (r *registration) name(program string, args []string) (string, error) {
	words := append([]string{program}, args...)
	if !strings.ContainsFunc(program, unicode.IsSpace) {
		return strings.Join(words, " "), nil
	}
	for n := 1; ; n++ {
		name := programName
		if n > 1 {
			name = fmt.Sprint(name, "-", n)
		}
		key := config.Key{"credential-alias", name}
		switch {
		case r.Get(key) == nil:
			if err := r.SetList(key, words); err != nil {
				return "", err
			}
			return name, r.mark(key)
		case slices.Equal(r.words(key), words):
			return name, nil
		}
	}
}

// removeAliases removes the aliases of this program that nothing uses any more.
func (r *registration) removeAliases() error {
	for _, name := range r.keys("credential-alias") {
		key := config.Key{"credential-alias", name}
		used := slices.Contains(r.words(globalProviders), name)
		for _, owner := range r.owners() {
			used = used || slices.Equal(r.words(providerKey(owner)), []string{name})
		}
		if used || !r.isMarked(key) {
			continue
		}
		if err := r.Unset(key); err != nil {
			return err
		}
	}
	return nil
}
