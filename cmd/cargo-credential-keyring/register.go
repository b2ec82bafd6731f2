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
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// globalProviders is the key of the providers for registries without their own.
var globalProviders = config.Key{"registry", "global-credential-providers"}

// addedComment marks keys that register added, which unregister may remove.
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

// registration is a change of config.toml in Cargo's home.
type registration struct {
	*tool
	*config.File
	// note tells the user more about the change.
	note string
}

// errDryRun keeps a dry run's change from being saved.
var errDryRun = errors.New("dry run")

// change makes a change and tells the user what it did.
func (t *tool) change(ctx context.Context, verb, unchanged string, do func(*registration) error) error {
	var text, note string
	changed, err := t.config.Edit(ctx, func(f *config.File) error {
		r := &registration{tool: t, File: f}
		if err := do(r); err != nil {
			return err
		}
		if err := r.removeAliases(); err != nil {
			return err
		}
		text, note = "`"+programName+"` for "+t.served()+" in "+f.Path, r.note
		if t.dryRun {
			return errDryRun
		}
		return nil
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

// register makes this program a provider, with args as its arguments. Without any,
// an existing entry keeps its own.
func (t *tool) register(ctx context.Context, args []string) error {
	program, err := selfPath()
	if err != nil {
		return err
	}
	// An error in the configuration must show before anything is written.
	r, inFile, err := t.find(cmp.Or(t.registry, cratesIO))
	if err != nil {
		return err
	}
	if _, err := t.providers(r); err != nil {
		return err
	}
	err = t.change(ctx, "Registered", "already registered", func(r *registration) error {
		if t.registry == "" {
			return r.addGlobal(program, args)
		}
		return r.setOwn(ownKey(inFile), program, args)
	})
	if err != nil || t.dryRun {
		return err
	}
	t.config = config.New(t.config.Quiet().Options) // all warnings have been shown
	providers, err := t.providers(r)
	if err != nil || len(providers) == 0 || isOurs(providers[0].Path) {
		return err
	}
	which := "crates.io"
	if t.registry != "" {
		which = t.served()
	}
	t.shell.Warn("for %s Cargo asks `%s` first, which is configured in %s", which, providers[0].Path, providers[0].Definition)
	return nil
}

// ownKey returns the key of the own provider of a registry with that name in the
// credentials file.
func ownKey(inFile string) config.Key {
	if inFile == "" {
		return config.Key{"registry", "credential-provider"}
	}
	return config.Key{"registries", inFile, "credential-provider"}
}

// addGlobal adds the program to the list of global providers.
func (r *registration) addGlobal(program string, args []string) error {
	texts := r.list(globalProviders)
	at, old := len(texts), config.Program{}
	for i, text := range texts {
		if p := r.meaning(strings.Fields(text)); isOurs(p.Name) {
			at, old = i, p // Cargo asks the last one first
		}
	}
	text, err := r.entry(old, program, args)
	if err != nil || text == "" {
		return err
	}
	isNew := r.Get(globalProviders) == nil
	switch {
	case at < len(texts):
		texts[at] = text
	case at == 0:
		texts = []string{tokenProvider, text}
	default:
		texts = append(texts, text)
	}
	if err := r.SetList(globalProviders, texts); err != nil || !isNew {
		return err
	}
	return r.mark(globalProviders)
}

// setOwn makes the program a registry's own provider, and notes what it replaces.
func (r *registration) setOwn(key config.Key, program string, args []string) error {
	words := r.words(key)
	old := r.meaning(words)
	text, err := r.entry(old, program, args)
	if err != nil || text == "" {
		return err
	}
	if isOurs(old.Name) || r.Get(key) == nil {
		return r.Set(key, text)
	}
	r.note = ", in place of `" + strings.Join(words, " ") + "`"
	return r.Change(key, func(d *tomledit.Document) error {
		kept, err := d.Substitute(text, key...)
		if !kept {
			r.note += ", which `unregister` cannot put back"
		}
		return err
	})
}

// mark adds the comment for an added key.
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

// owners returns the names, as the credentials file has them, of the registries that the
// file may give their own provider.
func (r *registration) owners() []string { return append([]string{""}, r.keys("registries")...) }

// words returns the words of a program: a string, or a list.
func (r *registration) words(key config.Key) []string {
	if text, ok := r.Get(key).(string); ok {
		return strings.Fields(text)
	}
	return r.list(key)
}

// list returns the strings of a list.
func (r *registration) list(key config.Key) (texts []string) {
	elements, _ := r.Get(key).([]any)
	for _, element := range elements {
		text, _ := element.(string)
		texts = append(texts, text)
	}
	return texts
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

// unregister undoes what register did.
func (t *tool) unregister(ctx context.Context) error {
	inFile := t.registry
	if t.registry != "" {
		// The registry may no longer be configured.
		if _, name, err := t.find(t.registry); err == nil {
			inFile = name
		}
	}
	var others []string
	err := t.change(ctx, "Unregistered", "not registered", func(r *registration) (err error) {
		if t.registry == "" {
			err = r.removeGlobal()
		} else {
			err = r.removeOwn(ownKey(inFile))
		}
		others = r.users()
		return err
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
	texts := r.list(globalProviders)
	left := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return isOurs(r.meaning(strings.Fields(text)).Name) })
	switch {
	case len(left) == len(texts):
		return nil
	case len(left) == 0 || r.isMarked(globalProviders) && slices.Equal(left, []string{tokenProvider}):
		return r.Unset(globalProviders)
	}
	return r.SetList(globalProviders, left)
}

func (r *registration) removeOwn(key config.Key) error {
	if !isOurs(r.meaning(r.words(key)).Name) {
		return nil
	}
	restored := false
	err := r.Change(key, func(d *tomledit.Document) (err error) {
		restored, err = d.Restore(key...)
		return err
	})
	if restored && err == nil {
		return nil
	}
	// It replaced nothing, or someone edited the comment.
	return r.Unset(key)
}

// users returns the registries that have this program as their own provider.
func (r *registration) users() (names []string) {
	for _, name := range r.owners() {
		if isOurs(r.meaning(r.words(ownKey(name))).Name) {
			names = append(names, cmp.Or(name, cratesIO))
		}
	}
	return names
}

// meaning returns the program that a provider's words stand for, after aliases.
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

// entry returns the text that replaces an old entry; empty if the old one already is
// this program with the arguments that the user wants.
func (r *registration) entry(old config.Program, program string, args []string) (string, error) {
	if isOurs(old.Name) && args == nil {
		args = old.Args
	}
	if _, err := exec.LookPath(old.Name); err == nil && isOurs(old.Name) && slices.Equal(args, old.Args) {
		return "", nil
	}
	return r.name(program, args)
}

// selfPath returns the path that this program was run by: a package manager's link
// stays valid after an upgrade.
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

// name returns the text for the program with its arguments. Cargo splits it at white
// space, so a path that contains some needs an alias.
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

// removeAliases removes aliases that register added and nothing uses any more.
func (r *registration) removeAliases() error {
	for _, name := range r.keys("credential-alias") {
		key := config.Key{"credential-alias", name}
		used := slices.Contains(r.list(globalProviders), name)
		for _, owner := range r.owners() {
			used = used || slices.Equal(r.words(ownKey(owner)), []string{name})
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
