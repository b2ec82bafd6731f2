package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/internal/tomledit"
)

// CredentialsFile is the file in Cargo's home that holds tokens, opened to be
// changed. It is the only thing that writes to that file.
//
//	f, err := config.OpenCredentials(ctx, home, nil)
//	if err != nil {
//		return err
//	}
//	defer f.Close()
//	if err := f.SetToken("my-registry", token); err != nil {
//		return err
//	}
//	return f.Save()
//
// While it is open nobody else who asks for the lock, such as Cargo, writes.
// A change leaves all bytes as they are that need not change: comments, order,
// quoting, line ends. What the file means afterwards is what it means after
// Cargo has made the same change. A change that fails changes nothing.
//
// A CredentialsFile must not be used by several goroutines at once.
type CredentialsFile struct {
	path     string
	file     *os.File
	document *tomledit.Document
	tree     *node
	// saved is what the file holds.
	saved []byte
}

const oldTokenKey = "token"

// OpenCredentials opens the credentials file in the given home and waits until
// no one else has it locked; then ctx ends the wait, and notify, which may be
// nil, gets a status line. The file, with access for its owner only, and the
// home are created if they do not exist.
//
// Errors are Cargo's; a *[SyntaxError] is among their causes if the file is no
// TOML document.
func OpenCredentials(ctx context.Context, home string, notify func(Notice)) (*CredentialsFile, error) {
	path, file, err := openLocked(ctx, home, notify)
	if err != nil {
		return nil, err
	}
	f := &CredentialsFile{path: path, file: file}
	if err := f.read(); err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// Close gives the lock back. What has not been saved is lost.
func (f *CredentialsFile) Close() error {
	f.document.Clear()
	clear(f.saved)
	return f.file.Close()
}

// SetToken sets the token of a registry by its name. With an empty name it is
// that of crates.io, and then, as Cargo does it, it becomes all that the table
// [registry] holds.
func (f *CredentialsFile) SetToken(registry string, token Secret) error {
	return f.set(registry, []setting{{"token", token.Expose()}})
}

// SetSecretKey sets the secret key of a registry and, unless it is nil, the
// subject of that key. The names are those of [CredentialsFile.SetToken].
func (f *CredentialsFile) SetSecretKey(registry string, key Secret, subject *string) error {
	settings := []setting{{"secret-key", key.Expose()}}
	if subject != nil {
		settings = append(settings, setting{"secret-key-subject", *subject})
	}
	return f.set(registry, settings)
}

type setting struct{ key, text string }

func (f *CredentialsFile) set(registry string, settings []setting) error {
	d := Definition{Kind: File, Path: f.path}
	values := newTable(d)
	var keys []string
	for _, s := range settings {
		values.table[s.key] = &node{kind: stringKind, text: s.text, definition: d}
		keys = append(keys, s.key)
	}
	table := []string{"registry"}
	if registry != "" {
		table = []string{"registries", registry}
	}
	return f.change(func(root *node) error {
		if registry == "" {
			root.table["registry"] = values
			return nil
		}
		registries := newTable(d)
		registries.table[registry] = values
		if old, ok := root.table["registries"]; ok {
			if err := registries.merge(old, false, nil); err != nil {
				return err
			}
		}
		root.table["registries"] = registries
		return nil
	}, func(document *tomledit.Document) error {
		if registry == "" {
			if err := document.Only("registry", keys...); err != nil {
				return err
			}
		}
		for _, s := range settings {
			if err := document.Set(s.text, append(table[:len(table):len(table)], s.key)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Remove removes what the file holds to authenticate to a registry: a token, a
// secret key and its subject. Other keys of the registry, and its table, stay.
// The names are those of [CredentialsFile.SetToken].
func (f *CredentialsFile) Remove(registry string) error {
	keys := []string{"token", "secret-key", "secret-key-subject"}
	table := []string{"registry"}
	if registry != "" {
		table = []string{"registries", registry}
	}
	return f.change(func(root *node) error {
		n := root
		for _, name := range table {
			if n = n.table[name]; n == nil {
				return nil
			}
		}
		if n.kind != tableKind {
			return fmt.Errorf("expected `[registries.%s]` to be a table", registry)
		}
		for _, key := range keys {
			delete(n.table, key)
		}
		return nil
	}, func(document *tomledit.Document) error {
		return document.Remove(table, keys...)
	})
}

// change changes the document as edit does, if it then means what mean says.
// Like every change by Cargo it also moves a token from the root, where very
// old files have it, to [registry].
func (f *CredentialsFile) change(mean func(*node) error, edit func(*tomledit.Document) error) error {
	want := f.tree.clone()
	if token, ok := want.table[oldTokenKey]; ok {
		delete(want.table, oldTokenKey)
		registry := newTable(want.definition)
		registry.table["token"] = token
		want.table["registry"] = registry
	}
	if err := mean(want); err != nil {
		return err
	}
	document, err := tomledit.Parse(f.document.Bytes())
	if err == nil {
		err = document.Nest(oldTokenKey, "registry")
	}
	if err == nil {
		err = edit(document)
	}
	var tree *node
	if err == nil {
		tree, err = parseTOML(document.Bytes(), want.definition)
	}
	if err == nil && !tree.means(want) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return fmt.Errorf("failed to edit `%s`: %w", f.path, err)
	}
	f.document.Clear()
	f.document, f.tree = document, tree
	return nil
}

// means reports whether two values are the same, wherever they are defined.
func (n *node) means(other *node) bool {
	if n.kind != other.kind || n.text != other.text || n.integer != other.integer || n.boolean != other.boolean ||
		len(n.list) != len(other.list) || len(n.table) != len(other.table) {
		return false
	}
	for i, element := range n.list {
		if !element.means(other.list[i]) {
			return false
		}
	}
	for name, value := range n.table {
		if match, ok := other.table[name]; !ok || !value.means(match) {
			return false
		}
	}
	return true
}

// parse reads what the file holds, and refuses what Cargo would stumble over
// in its tables.
func (f *CredentialsFile) parse(content []byte) error {
	tree, err := parseTOML(content, Definition{Kind: File, Path: f.path})
	if err != nil {
		return fileError(f.path, err)
	}
	if _, err := descend(tree, path{"registry", "token"}); err != nil {
		return err
	}
	document, err := tomledit.Parse(content)
	if err != nil {
		return fileError(f.path, err)
	}
	f.tree, f.document, f.saved = tree, document, bytes.Clone(content)
	return nil
}

// errNotAFile says that something stands in the credentials file's place which
// cannot be opened without the danger of waiting for ever.
var errNotAFile = errors.New("not a regular file")
