package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// The places in the configuration that name providers.
var (
	globalProviders = []string{"registry", "global-credential-providers"}
	alias           = []string{"credential-alias", programName}
)

const (
	cratesIO      = "crates-io"
	tokenProvider = "cargo:token"
)

// addedComment stands behind a list that was not there before, so that it can go
// again.
const addedComment = "added by `" + programName + " register`"

func (t *tool) registerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "register",
		Short: "Add this program to the credential providers in Cargo's configuration",
		Long: `Add this program to the credential providers in Cargo's configuration, the file
config.toml in Cargo's home.

It becomes the provider that Cargo asks first: for one registry, or for all that
have no provider of their own. Options for the store are written behind it.`,
		Args: usageArgs(cobra.NoArgs),
	}
	var options keyring.Options
	storeFlags(c.Flags(), &options)
	t.registryFlag(c.Flags(), "The `NAME` of the one registry to serve")
	t.dryRunFlag(c.Flags())
	c.RunE = t.configured(func(c *cobra.Command) error {
		var args []string
		c.Flags().Visit(func(f *pflag.Flag) {
			if f.Name == "backend" || f.Name == "fallback" || f.Name == "unlock-timeout" {
				args = append(args, "--"+f.Name, f.Value.String())
			}
		})
		options.Environ = os.Environ()
		if _, err := keyring.Open(c.Context(), options); err != nil && !errors.Is(err, keyring.ErrUnavailable) {
			return err
		}
		return t.register(c, args)
	})
	return c
}

func (t *tool) unregisterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "unregister",
		Short: "Remove this program from the credential providers in Cargo's configuration",
		Long: `Remove this program from the credential providers in Cargo's configuration: what
register has added. Tokens in the secret store stay there.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: t.configured(t.unregister),
	}
	t.registryFlag(c.Flags(), "The `NAME` of the one registry that was registered")
	t.dryRunFlag(c.Flags())
	return c
}

// register makes this program a provider. args are its arguments if the user
// gave any; an existing entry keeps its own otherwise.
func (t *tool) register(c *cobra.Command, args []string) error {
	if t.registry != "" {
		if _, err := t.find(t.registry); err != nil {
			return err
		}
	}
	f, err := config.ReadHomeFile(t.config.Home)
	if err != nil {
		return err
	}
	program, err := selfPath()
	if err != nil {
		return err
	}
	replaced := ""
	if t.registry == "" {
		err = t.addGlobal(f, program, args)
	} else {
		replaced, err = t.setOwn(f, program, args)
	}
	if err != nil {
		return err
	}
	if err := t.removeAlias(f); err != nil {
		return err
	}
	text := t.what(f)
	if replaced != "" {
		text += ", in place of `" + replaced + "`"
	}
	if !f.Changed() {
		t.shell.Status("Unchanged", "already registered: "+text)
	} else if err := t.save(c, f, "Registered", text); err != nil || t.dryRun {
		return err
	}
	return t.warnOfOthers()
}

// what says what is registered, and where.
func (t *tool) what(f *config.HomeFile) string {
	return "`" + programName + "` for " + t.served() + " in " + f.Path()
}

// served says for which registries the command is.
func (t *tool) served() string {
	if t.registry == "" {
		return "all registries"
	}
	return "registry `" + t.registry + "`"
}

// save saves the file and says what has been done to it.
func (t *tool) save(c *cobra.Command, f *config.HomeFile, verb, text string) error {
	if t.dryRun {
		t.shell.Status("Dry run", "would have "+strings.ToLower(verb)+" "+text)
		return nil
	}
	if err := f.Save(c.Context()); err != nil {
		return err
	}
	t.shell.Status(verb, text)
	return nil
}

// entry is a provider as the file has it.
type entry struct {
	// text is a list's element, or a program's words.
	text    string
	program string
	args    []string
}

// entry returns what the words of a provider mean, aliases resolved.
func (t *tool) entry(text string, words []string) entry {
	e := entry{text: text}
	if len(words) == 0 {
		return e
	}
	e.program, e.args = words[0], words[1:]
	if len(e.args) > 0 {
		return e
	}
	if p, err := t.config.Program("credential-alias." + e.program); err == nil && p != nil {
		e.program, e.args = p.Name, p.Args
	}
	return e
}

// isCurrent reports whether the entry needs no change: it leads to a program,
// with the arguments that the user wants.
func (e entry) isCurrent(args []string) bool {
	_, err := exec.LookPath(e.program)
	return err == nil && (args == nil || slices.Equal(args, e.args))
}

// addGlobal adds the program to the list of global providers.
func (t *tool) addGlobal(f *config.HomeFile, program string, args []string) error {
	var old *entry
	texts := f.Strings(globalProviders...)
	for _, text := range texts {
		e := t.entry(text, strings.Fields(text))
		if !isOurs(e.program) {
			continue
		}
		if e.isCurrent(args) {
			return nil
		}
		old = &e
	}
	if old != nil && args == nil {
		args = old.args
	}
	text, err := t.name(f, program, args)
	switch {
	case err != nil:
		return err
	case old != nil:
		return f.ReplaceString(old.text, text, globalProviders...)
	case f.Has(globalProviders...) && len(texts) > 0:
		return f.AppendString(text, globalProviders...)
	case f.Has(globalProviders...):
		if err := f.AppendString(tokenProvider, globalProviders...); err != nil {
			return err
		}
		return f.AppendString(text, globalProviders...)
	}
	return f.SetStrings([]string{tokenProvider, text}, addedComment, globalProviders...)
}

// setOwn makes the program the provider of one registry, and returns what it
// replaces.
func (t *tool) setOwn(f *config.HomeFile, program string, args []string) (replaced string, err error) {
	key := ownKey(t.registry)
	if p := f.Program(key...); p != nil {
		words := append([]string{p.Name}, p.Args...)
		e := t.entry("", words)
		switch {
		case !isOurs(e.program):
			replaced = strings.Join(words, " ")
		case e.isCurrent(args):
			return "", nil
		case args == nil:
			args = e.args
		}
	}
	text, err := t.name(f, program, args)
	if err != nil {
		return "", err
	}
	if replaced != "" {
		return replaced, f.Substitute(text, key...)
	}
	return "", f.Set(text, key...)
}

// ownKey is where a registry's own provider is configured.
func ownKey(registry string) []string {
	if registry == cratesIO {
		return []string{"registry", "credential-provider"}
	}
	return []string{"registries", registry, "credential-provider"}
}

// name returns what the configuration has to say to name the program with its
// arguments. Cargo splits that at white space, so a path with some goes into an
// alias.
func (t *tool) name(f *config.HomeFile, program string, args []string) (string, error) {
	words := append([]string{program}, args...)
	if !strings.ContainsFunc(program, unicode.IsSpace) {
		return strings.Join(words, " "), nil
	}
	if p := f.Program(alias...); p != nil && slices.Equal(append([]string{p.Name}, p.Args...), words) {
		return programName, nil
	}
	if err := f.Unset(alias...); err != nil {
		return "", err
	}
	return programName, f.SetStrings(words, "", alias...)
}

// unregister takes back what register has done.
func (t *tool) unregister(c *cobra.Command) error {
	f, err := config.ReadHomeFile(t.config.Home)
	if err != nil {
		return err
	}
	if t.registry == "" {
		err = t.removeGlobal(f)
	} else {
		err = t.removeOwn(f)
	}
	if err == nil {
		err = t.removeAlias(f)
	}
	if err != nil {
		return err
	}
	if !f.Changed() {
		t.shell.Status("Unchanged", "not registered: "+t.what(f))
	} else if err := t.save(c, f, "Unregistered", t.what(f)); err != nil {
		return err
	}
	for _, name := range t.users(f) {
		t.config.Notice(config.Note, "registry `%s` still has this provider of its own; to change that, run `%s unregister --registry %[1]s`",
			name, programName)
	}
	return nil
}

func (t *tool) removeGlobal(f *config.HomeFile) error {
	for _, text := range f.Strings(globalProviders...) {
		if !isOurs(t.entry(text, strings.Fields(text)).program) {
			continue
		}
		if err := f.RemoveString(text, globalProviders...); err != nil {
			return err
		}
		left := f.Strings(globalProviders...)
		if f.Comment(globalProviders...) == addedComment && slices.Equal(left, []string{tokenProvider}) || len(left) == 0 {
			return f.Unset(globalProviders...)
		}
	}
	return nil
}

func (t *tool) removeOwn(f *config.HomeFile) error {
	if !t.isOwn(f, ownKey(t.registry)) {
		return nil
	}
	if restored, err := f.Restore(ownKey(t.registry)...); restored || err != nil {
		return err
	}
	return f.Unset(ownKey(t.registry)...)
}

// isOwn reports whether this program is the provider that a key of the file has.
func (t *tool) isOwn(f *config.HomeFile, key []string) bool {
	p := f.Program(key...)
	return p != nil && isOurs(t.entry("", append([]string{p.Name}, p.Args...)).program)
}

// removeAlias removes the alias for this program if nothing uses it any more.
func (t *tool) removeAlias(f *config.HomeFile) error {
	p := f.Program(alias...)
	if p == nil || !isOurs(p.Name) || slices.Contains(f.Strings(globalProviders...), programName) || len(t.users(f)) > 0 {
		return nil
	}
	return f.Unset(alias...)
}

// users returns the registries that have this program as a provider of their own
// in the file.
func (t *tool) users(f *config.HomeFile) []string {
	var names []string
	for _, name := range append([]string{cratesIO}, f.Keys("registries")...) {
		if t.isOwn(f, ownKey(name)) {
			names = append(names, name)
		}
	}
	return names
}

// warnOfOthers warns if Cargo will ask another provider first.
func (t *tool) warnOfOthers() error {
	c := t.quiet()
	name := t.registry
	if name == "" {
		name = cratesIO
	}
	t.config = c
	r, err := t.find(name)
	if err != nil {
		return err
	}
	providers, err := (&credential.Chain{Config: c}).Providers(r)
	if err != nil || len(providers) == 0 || isOurs(providers[0].Name) {
		return err
	}
	t.shell.Notify(config.Notice{Kind: config.Warning, Text: fmt.Sprintf("Cargo asks `%s` first, which is configured in %s",
		providers[0].Name, providers[0].Definition)})
	return nil
}

// selfPath returns where this program is, by the path by which it was found: one
// that a package manager links stays right when it is upgraded.
func selfPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find out where this program is: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil {
		if found, err = filepath.Abs(found); err == nil && isSameFile(found, self) && isOurs(found) {
			self = found
		}
	}
	if !utf8.ValidString(self) {
		return "", errors.New("this program is in a directory whose name is no UTF-8, which Cargo's configuration cannot hold")
	}
	if !isOurs(self) {
		return "", fmt.Errorf("this program must be called `%s` to be registered, not `%s`", programName, filepath.Base(self))
	}
	return self, nil
}

func isSameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
