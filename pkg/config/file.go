package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// This chapter edits a file of configuration as text. Whatever an edit is, the new
// text is parsed, and must mean what was wanted, before it is written.

// Key is where a value stands in a file: its parts, such as "registry" and
// "default".
type Key []string

// File is the configuration file in Cargo's home while [Config.Edit] changes it.
//
// A change leaves all bytes as they are that need not change: comments, order,
// quoting, line ends. A change that fails changes nothing. Values that other files
// include or define, or the environment, are not seen here. A key has at least two
// parts.
type File struct {
	// Path is the file's.
	Path string
	*document
}

// errChanged says that another program has written to a file meanwhile, and
// mostAttempts how often a change is made anew then.
var errChanged = errors.New("it has been changed meanwhile by another program")

const mostAttempts = 10

// Edit has change change the configuration file in Cargo's home, and saves it:
//
//	_, err := cfg.Edit(ctx, func(f *config.File) error {
//		return f.Set(config.Key{"registries", "my-registry", "credential-provider"}, "my-provider")
//	})
//
// If another program has written to the file meanwhile, change is called again. If
// it returns an error nothing is saved, and Edit returns it. Edit reports whether
// change has changed anything. Only then the file and the home are created if they
// do not exist.
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
		if err = d.save(ctx, c.Home); !errors.Is(err, errChanged) {
			return true, err
		}
	}
	return true, errChanged
}

// Get returns what a key has: a string, an int64, a bool, a []any or a
// map[string]any; nil if it has nothing.
func (f *File) Get(key Key) any { return f.tree.below(path(key)).value() }

// Set sets a string in place of what the key had.
func (f *File) Set(key Key, text string) error {
	return f.set(key, newString(text, f.definition()), func(d *tomledit.Document) error {
		return d.Set(text, key...)
	})
}

// SetList sets a list of strings in place of what the key had. Of a list that was
// there, the strings that stay keep their form.
func (f *File) SetList(key Key, texts []string) error {
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

// Unset removes a key with its comment, and the table around it if that was all it
// held.
func (f *File) Unset(key Key) error {
	discard := func(text *tomledit.Document) error { return text.Discard(key...) }
	// Whether that fails shows below.
	after := f.text.Clone()
	_ = discard(after)
	want := f.tree.without(path(key))
	for n := len(key) - 1; n > 0 && !after.Has(key[:n]...); n-- {
		want = want.without(path(key[:n]))
	}
	return f.edit(want, discard)
}

// Change makes an edit of which only the text matters, such as one of a comment, or
// that gives the key another value; no other value may change by it. It is for
// programs of this module.
func (f *File) Change(key Key, edit func(*tomledit.Document) error) error {
	return f.editTo(func(tree *node) bool {
		return tree.without(path(key)).means(f.tree.without(path(key)))
	}, edit)
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

func (d *document) definition() *Definition { return &Definition{Path: d.path} }

// parse takes over the content, which must not be changed while it is the text.
func (d *document) parse(content []byte) (err error) {
	d.text, d.saved = tomledit.New(content), content
	d.tree, err = parseFile(content, d.definition())
	return err
}

// edit changes the text, if it then means what is wanted. If not, nothing changes.
func (d *document) edit(want *node, edit func(*tomledit.Document) error) error {
	return d.editTo(func(tree *node) bool { return tree.means(want) }, edit)
}

func (d *document) editTo(isWanted func(tree *node) bool, edit func(*tomledit.Document) error) error {
	text := d.text.Clone()
	var tree *node
	err := edit(text)
	if err == nil {
		tree, err = parseTOML(text.Bytes(), d.definition())
	}
	if err == nil && !isWanted(tree) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return fmt.Errorf("failed to edit `%s`: %w", d.path, err)
	}
	d.text, d.tree = text, tree
	return nil
}

func (d *document) changed() bool { return !bytes.Equal(d.text.Bytes(), d.saved) }

// save writes the text to the configuration file in the home.
func (d *document) save(ctx context.Context, home string) error {
	_, file, err := openLocked(ctx, configKind, home, nil)
	if err != nil {
		return err
	}
	defer file.Close()
	return d.write(file)
}

// write writes the text over what the file holds.
func (d *document) write(f *os.File) error {
	content := d.text.Bytes()
	if err := replace(f, d.saved, content); err != nil {
		return fmt.Errorf("failed to write to `%s`: %w", d.path, system.Error(err))
	}
	d.saved = content
	return nil
}
