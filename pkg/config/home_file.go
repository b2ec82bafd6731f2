package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/internal/tomledit"
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
	// saved is what the file holds.
	saved []byte
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
	f.saved = content
	return f, f.parse(content)
}

// Path returns the file's path.
func (f *HomeFile) Path() string { return f.path }

// Changed reports whether there is something to save.
func (f *HomeFile) Changed() bool { return !bytes.Equal(f.text.Bytes(), f.saved) }

// Save writes the changes, as [CredentialsFile.Save] does: at every moment the
// file holds all of the old or all of the new document. The file and the home
// are created if they do not exist. The error is [ErrChanged] if the file has
// changed since it was read.
func (f *HomeFile) Save(ctx context.Context) error {
	if !f.Changed() {
		return nil
	}
	path, file, err := openLocked(ctx, configKind, f.home, nil)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := replace(file, f.saved, f.text.Bytes()); err != nil {
		return fmt.Errorf("failed to write to `%s`: %w", path, oserror.New(err))
	}
	f.saved = f.text.Bytes()
	return nil
}

// Has reports whether a key has a value.
func (f *HomeFile) Has(key ...string) bool { return f.find(key) != nil }

// Keys returns the keys of a table, sorted.
func (f *HomeFile) Keys(table ...string) []string {
	n := f.find(table)
	if n == nil || n.kind != tableKind {
		return nil
	}
	return n.names()
}

// Strings returns the elements of a list of strings.
func (f *HomeFile) Strings(key ...string) []string {
	n := f.find(key)
	if n == nil {
		return nil
	}
	var elements []string
	for _, element := range n.elements() {
		elements = append(elements, element.text)
	}
	return elements
}

// Program returns a program with its arguments; nil if there is none.
func (f *HomeFile) Program(key ...string) *Program {
	n := f.find(key)
	if n == nil {
		return nil
	}
	list := n.elements()
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

// Set sets a string in place of what the key had.
func (f *HomeFile) Set(text string, key ...string) error {
	return f.change(func(root *node) error {
		return root.put(key, &node{kind: stringKind, text: text})
	}, func(d *tomledit.Document) error {
		return d.Set(text, key...)
	})
}

// Substitute is [HomeFile.Set] that keeps what the key had in a comment behind
// it, for [HomeFile.Restore], and reports whether there was room for one.
func (f *HomeFile) Substitute(text string, key ...string) (kept bool, err error) {
	err = f.change(func(root *node) error {
		return root.put(key, &node{kind: stringKind, text: text})
	}, func(d *tomledit.Document) (err error) {
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
	// Somebody may have written something else into the comment.
	old, err := parseTOML([]byte("old = "+raw), f.definition())
	if err != nil {
		return false, nil
	}
	return true, f.change(func(root *node) error {
		return root.put(key, old.child("old"))
	}, func(d *tomledit.Document) error {
		return d.Restore(key...)
	})
}

// SetStrings sets a list that does not exist yet, with a comment behind it where
// there is room for one.
func (f *HomeFile) SetStrings(texts []string, comment string, key ...string) error {
	return f.change(func(root *node) error {
		list := &node{kind: listKind}
		for _, text := range texts {
			list.addElement(&node{kind: stringKind, text: text})
		}
		return root.put(key, list)
	}, func(d *tomledit.Document) error {
		if err := d.SetStrings(texts, key...); err != nil || comment == "" {
			return err
		}
		return d.AddComment(comment, key...)
	})
}

// Comment returns the comment behind a key.
func (f *HomeFile) Comment(key ...string) string { return f.text.Comment(key...) }

// AppendString adds a string at the end of a list.
func (f *HomeFile) AppendString(text string, key ...string) error {
	return f.changeList(key, func(list []*node) []*node {
		return append(list, &node{kind: stringKind, text: text})
	}, func(d *tomledit.Document) error {
		return d.AppendString(text, key...)
	})
}

// ReplaceString replaces a string in a list.
func (f *HomeFile) ReplaceString(old, text string, key ...string) error {
	return f.changeList(key, func(list []*node) []*node {
		for i, element := range list {
			if element.text == old {
				list[i] = &node{kind: stringKind, text: text}
			}
		}
		return list
	}, func(d *tomledit.Document) error {
		return d.ReplaceString(old, text, key...)
	})
}

// RemoveString removes a string from a list, which may become empty.
func (f *HomeFile) RemoveString(text string, key ...string) error {
	return f.changeList(key, func(list []*node) []*node {
		return slices.DeleteFunc(list, func(element *node) bool { return element.text == text })
	}, func(d *tomledit.Document) error {
		return d.RemoveString(text, key...)
	})
}

func (f *HomeFile) changeList(key []string, mean func([]*node) []*node, edit func(*tomledit.Document) error) error {
	return f.change(func(root *node) error {
		n := root.below(key)
		if n == nil || n.kind != listKind {
			return fmt.Errorf("`%s` in %s is no list", path(key), f.path)
		}
		n.setElements(mean(n.elements()))
		return nil
	}, edit)
}

// Unset removes a key with its comment, and the table around it if that was all
// it held.
func (f *HomeFile) Unset(key ...string) error {
	table, name := key[:len(key)-1], key[len(key)-1]
	var want *node
	return f.change(func(root *node) error {
		want = root
		if n := root.below(table); n != nil {
			n.removeChild(name)
		}
		return nil
	}, func(d *tomledit.Document) error {
		if err := d.Discard(key...); err != nil {
			return err
		}
		for n := len(table); n > 0 && !d.Has(table[:n]...); n-- {
			if parent := want.below(table[:n-1]); parent != nil {
				parent.removeChild(table[n-1])
			}
		}
		return nil
	})
}

func (f *HomeFile) find(key []string) *node { return f.tree.below(key) }

// put sets the value at a path in tables, which are made as needed.
func (n *node) put(at path, value *node) error {
	for i, name := range at[:len(at)-1] {
		next := n.child(name)
		if next == nil {
			next = newTable(n.definition)
			n.setChild(name, next)
		}
		if next.kind != tableKind {
			return next.expected("table", at[:i+1])
		}
		n = next
	}
	n.setChild(at[len(at)-1], value)
	return nil
}
