package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// HomeFile is the configuration file in Cargo's home, read to be changed.
//
//	f, err := config.ReadHomeFile(home)
//	if err != nil {
//		return err
//	}
//	if err := f.Set("my-provider", "registries", "my-registry", "credential-provider"); err != nil {
//		return err
//	}
//	return f.Save(ctx)
//
// A change leaves all bytes as they are that need not change: comments, order,
// quoting, line ends. A change that fails changes nothing. Values that other
// files include or define, or the environment, are not seen here. A key is given
// by its parts; it is in a table, so it has at least two.
//
// A HomeFile must not be used by several goroutines at once.
type HomeFile struct {
	document
	home string
}

// ErrChanged says that another program has changed a file meanwhile.
var ErrChanged = errors.New("it has been changed meanwhile by another program")

// ReadHomeFile reads the configuration file in the given home; one that does not
// exist is empty, and nothing is created. Errors are Cargo's; a *[SyntaxError]
// is among their causes if the file is no TOML document.
func ReadHomeFile(home string) (*HomeFile, error) {
	f := &HomeFile{document: document{path: configKind.path(home)}, home: home}
	content, err := readLocked(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return f, f.parse(content)
}

// Changed reports whether there is something to save.
func (f *HomeFile) Changed() bool { return f.changed() }

// Save writes the changes, as [CredentialsFile.Save] does. The file and the home
// are created if they do not exist. The error is [ErrChanged] if the file has
// changed since it was read.
func (f *HomeFile) Save(ctx context.Context) error {
	if !f.Changed() {
		return nil
	}
	_, file, err := openLocked(ctx, configKind, f.home, nil)
	if err != nil {
		return err
	}
	defer file.Close()
	return f.write(file)
}

// Has reports whether a key has a value.
func (f *HomeFile) Has(key ...string) bool { return f.tree.below(key) != nil }

// Keys returns the keys of a table, sorted.
func (f *HomeFile) Keys(table ...string) []string { return f.tree.below(table).names() }

// Strings returns the elements of a list of strings.
func (f *HomeFile) Strings(key ...string) []string {
	n := f.tree.below(key)
	if n == nil {
		return nil
	}
	var elements []string
	for _, element := range n.list {
		elements = append(elements, element.text)
	}
	return elements
}

// Program returns a program with its arguments; nil if there is none.
func (f *HomeFile) Program(key ...string) *Program {
	n := f.tree.below(key)
	if n == nil {
		return nil
	}
	list := n.list
	if n.kind == stringKind {
		list = splitWords(n.text, n.definition)
	}
	if len(list) == 0 {
		return nil
	}
	p := &Program{Name: list[0].text, Definition: *n.definition}
	for _, word := range list[1:] {
		p.Args = append(p.Args, word.text)
	}
	return p
}

// setValue gives a key a value, which edit writes into the text.
func (f *HomeFile) setValue(value *node, key []string, edit func(*tomledit.Document) error) error {
	if _, err := descend(f.tree, key); err != nil {
		return err
	}
	return f.edit(f.tree.with(value, key), edit)
}

// Set sets a string in place of what the key had.
func (f *HomeFile) Set(text string, key ...string) error {
	return f.setValue(newString(text, f.definition()), key, func(d *tomledit.Document) error {
		return d.Set(text, key...)
	})
}

// Substitute is [HomeFile.Set] that keeps what the key had in a comment after
// it, for [HomeFile.Restore], and reports whether there was room for one.
func (f *HomeFile) Substitute(text string, key ...string) (kept bool, err error) {
	err = f.setValue(newString(text, f.definition()), key, func(d *tomledit.Document) (err error) {
		kept, err = d.Substitute(text, key...)
		return err
	})
	return kept, err
}

// Restore takes back what [HomeFile.Substitute] has done. It reports whether
// there was something to put back.
func (f *HomeFile) Restore(key ...string) (restored bool, err error) {
	raw, ok := f.text.Substituted(key...)
	if !ok {
		return false, nil
	}
	// The comment may have been written by hand.
	old, err := parseTOML([]byte("old = "+raw), f.definition())
	if err != nil {
		return false, nil
	}
	return true, f.setValue(old.child("old"), key, func(d *tomledit.Document) error {
		return d.Restore(key...)
	})
}

// SetStrings sets a list that does not exist yet, with a comment after it where
// there is room for one.
func (f *HomeFile) SetStrings(texts []string, comment string, key ...string) error {
	return f.setValue(f.newList(texts), key, func(d *tomledit.Document) error {
		if err := d.SetStrings(texts, key...); err != nil || comment == "" {
			return err
		}
		return d.AddComment(comment, key...)
	})
}

// Comment returns the comment after a key.
func (f *HomeFile) Comment(key ...string) string { return f.text.Comment(key...) }

// AppendString adds a string at the end of a list.
func (f *HomeFile) AppendString(text string, key ...string) error {
	return f.setList(append(f.Strings(key...), text), key, func(d *tomledit.Document) error {
		return d.AppendString(text, key...)
	})
}

// ReplaceString replaces a string in a list.
func (f *HomeFile) ReplaceString(old, text string, key ...string) error {
	texts := f.Strings(key...)
	for i := range texts {
		if texts[i] == old {
			texts[i] = text
		}
	}
	return f.setList(texts, key, func(d *tomledit.Document) error {
		return d.ReplaceString(old, text, key...)
	})
}

// RemoveString removes a string from a list, which may become empty.
func (f *HomeFile) RemoveString(text string, key ...string) error {
	isIt := func(element string) bool { return element == text }
	return f.setList(slices.DeleteFunc(f.Strings(key...), isIt), key, func(d *tomledit.Document) error {
		return d.RemoveString(text, key...)
	})
}

// setList is setValue for a list that exists.
func (f *HomeFile) setList(texts, key []string, edit func(*tomledit.Document) error) error {
	n := f.tree.below(key)
	if n == nil || n.kind != listKind {
		return fmt.Errorf("`%s` in %s is no list", path(key), f.path)
	}
	return f.setValue(f.newList(texts), key, edit)
}

func (f *HomeFile) newList(texts []string) *node {
	list := &node{kind: listKind, definition: f.definition()}
	for _, text := range texts {
		list.list = append(list.list, newString(text, list.definition))
	}
	return list
}

// Unset removes a key with its comment, and the table around it if that was all
// it held.
func (f *HomeFile) Unset(key ...string) error {
	discard := func(text *tomledit.Document) error { return text.Discard(key...) }
	// Whether that fails shows below.
	after := f.text.Clone()
	_ = discard(after)
	want := f.tree.without(key)
	for n := len(key) - 1; n > 0 && !after.Has(key[:n]...); n-- {
		want = want.without(key[:n])
	}
	return f.edit(want, discard)
}

// document is a TOML file's content while it is changed: its text, and what that
// means.
type document struct {
	path string
	text *tomledit.Document
	tree *node
	// saved is what the file holds.
	saved []byte
}

// Format shows, for every verb, the file's path and nothing of what is in it.
func (d document) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s}", d.path) }

// Path returns the file's path.
func (d *document) Path() string { return d.path }

func (d *document) definition() *Definition { return &Definition{Path: d.path} }

// parse takes over the content, which must not be changed while it is the text.
func (d *document) parse(content []byte) (err error) {
	d.text, d.saved = tomledit.New(content), content
	d.tree, err = parseFile(content, d.definition())
	return err
}

// edit changes the text, if it then means what is wanted. If not, nothing
// changes.
func (d *document) edit(want *node, edit func(*tomledit.Document) error) error {
	text := d.text.Clone()
	var tree *node
	err := edit(text)
	if err == nil {
		tree, err = parseTOML(text.Bytes(), d.definition())
	}
	if err == nil && !tree.means(want) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return fmt.Errorf("failed to edit `%s`: %w", d.path, err)
	}
	d.text, d.tree = text, tree
	return nil
}

func (d *document) changed() bool { return !bytes.Equal(d.text.Bytes(), d.saved) }

// write writes the text over what the file holds.
func (d *document) write(f *os.File) error {
	content := d.text.Bytes()
	if err := replace(f, d.saved, content); err != nil {
		return fmt.Errorf("failed to write to `%s`: %w", d.path, system.Error(err))
	}
	d.saved = content
	return nil
}
