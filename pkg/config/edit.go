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

// This chapter edits a configuration file as text. Before a new text is written, it is
// parsed and must mean what was wanted.

// Key says where a value stands in a file, such as Key{"registry", "default"}.
type Key []string

// File is config.toml in Cargo's home during [Config.Edit]. Keys have at least two
// parts. A change keeps every byte that need not change: comments, order, quoting, line
// ends. A change that fails changes nothing. Values from included files, other files
// and the environment do not count here.
type File struct {
	Path string
	*document
}

// errChanged says that another program has written to a file since it was read.
var errChanged = errors.New("it has been changed meanwhile by another program")

// mostAttempts is how often a change is tried if other programs write to the file.
const mostAttempts = 10

// Edit calls change with config.toml in Cargo's home, and saves the result:
//
//	_, err := cfg.Edit(ctx, func(f *config.File) error {
//		return f.Set(config.Key{"registries", "my-registry", "credential-provider"}, "my-provider")
//	})
//
// Edit calls change again if another program has written to the file meanwhile. If
// change returns an error, Edit saves nothing and returns that error. changed reports
// whether change has changed anything, also with an error. A missing file or home is
// created only to save a change.
func (c *Config) Edit(ctx context.Context, change func(*File) error) (changed bool, err error) {
	for range mostAttempts {
		d := document{path: configKind.path(c.Home)}
		content, err := readLocked(d.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err := d.parse(content); err != nil {
			return false, err
		}
		if err := change(&File{d.path, &d}); err != nil || !d.changed() {
			return d.changed(), err
		}
		_, file, err := openLocked(ctx, configKind, c.Home, nil)
		if err != nil {
			return true, err
		}
		err = d.write(file)
		file.Close()
		if !errors.Is(err, errChanged) {
			return true, err
		}
	}
	return true, errChanged
}

// Get returns the value of a key: a string, an int64, a bool, a []any or a
// map[string]any; nil if it has none.
func (f *File) Get(key Key) any { return f.tree.below(path(key)).value() }

// Set sets the value of a key to a string.
func (f *File) Set(key Key, text string) error {
	return f.set(key, newString(text, f.definition()), func(d *tomledit.Document) error {
		return d.Set(text, key...)
	})
}

// SetList sets the value of a key to a list of strings. Strings that were in the list
// before keep their form. A list of anything else is refused.
func (f *File) SetList(key Key, texts []string) error {
	if old := f.tree.below(path(key)); old != nil && slices.ContainsFunc(old.list, func(n *node) bool { return n.kind != stringKind }) {
		return fmt.Errorf("`%s` in %s is not a list of strings", path(key), f.Path)
	}
	list := &node{kind: listKind, definition: f.definition()}
	for _, text := range texts {
		list.list = append(list.list, newString(text, list.definition))
	}
	return f.set(key, list, func(d *tomledit.Document) error { return d.SetStrings(texts, key...) })
}

func (f *File) set(key Key, value *node, edit func(*tomledit.Document) error) error {
	if _, err := descend(f.tree, path(key)); err != nil {
		return err
	}
	return f.edit(f.tree.with(value, path(key)), edit)
}

// Unset removes a key with its comment, and its table if that becomes empty.
func (f *File) Unset(key Key) error {
	return f.editTo(func(tree *node) bool {
		want := f.tree.without(path(key))
		for n := len(key) - 1; n > 0 && tree.below(path(key[:n])) == nil; n-- {
			want = want.without(path(key[:n]))
		}
		return tree.means(want)
	}, func(text *tomledit.Document) error { return text.Discard(key...) })
}

// Change makes any edit of the text, for programs of this module. It may change the
// value of the key, comments and layout, and no other value.
func (f *File) Change(key Key, edit func(*tomledit.Document) error) error {
	return f.editTo(func(tree *node) bool {
		return tree.without(path(key)).means(f.tree.without(path(key)))
	}, edit)
}

// document is the content of a TOML file while it is changed: its text, and what the
// text means.
type document struct {
	path string
	text *tomledit.Document
	tree *node
	// saved is what the file holds.
	saved []byte
}

// Format shows the path for every verb, and no content.
func (d document) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s}", d.path) }

func (d *document) definition() *Definition { return &Definition{Path: d.path} }

// parse sets the content, which the caller must not change afterwards.
func (d *document) parse(content []byte) (err error) {
	d.text, d.saved = tomledit.New(content), content
	d.tree, err = parseFile(content, d.definition())
	return err
}

// edit changes the text if it then means what is wanted; otherwise it changes nothing.
func (d *document) edit(want *node, edit func(*tomledit.Document) error) error {
	return d.editTo(func(tree *node) bool { return tree.means(want) }, edit)
}

func (d *document) editTo(isWanted func(tree *node) bool, edit func(*tomledit.Document) error) error {
	text := *d.text
	var tree *node
	err := edit(&text)
	if err == nil {
		tree, err = parseTOML(text.Bytes(), d.definition())
	}
	if err == nil && !isWanted(tree) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return fmt.Errorf("failed to edit `%s`: %w", d.path, err)
	}
	d.text, d.tree = &text, tree
	return nil
}

func (d *document) changed() bool { return !bytes.Equal(d.text.Bytes(), d.saved) }

// write replaces the content of the file by the text.
func (d *document) write(f *os.File) error {
	content := d.text.Bytes()
	if err := replace(f, d.saved, content); err != nil {
		return fmt.Errorf("failed to write to `%s`: %w", d.path, system.Error(err))
	}
	d.saved = content
	return nil
}
