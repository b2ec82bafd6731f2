package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
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
	document
	file *os.File
	// saved is what the file holds.
	saved []byte
}

const oldTokenKey = "token"

// OpenCredentials opens the credentials file in the given home and waits until
// no one else has it locked; then ctx ends the wait, and notify, which may be
// nil, gets a status line. It is also warned if others could read or replace the
// file. The file, with access for its owner only, and the
// home are created if they do not exist.
//
// Errors are Cargo's; a *[SyntaxError] is among their causes if the file is no
// TOML document.
func OpenCredentials(ctx context.Context, home string, notify func(Notice)) (*CredentialsFile, error) {
	path, file, err := openLocked(ctx, credentialsKind, home, notify)
	if err != nil {
		return nil, err
	}
	if notify != nil {
		for _, danger := range dangers(file) {
			notify(Notice{Kind: Warning, Text: danger})
		}
	}
	f := &CredentialsFile{document: document{path: path}, file: file}
	if err := f.read(); err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// read reads and parses the whole file.
func (f *CredentialsFile) read() error {
	content, err := io.ReadAll(f.file)
	if err != nil {
		return fmt.Errorf("failed to read configuration file `%s`: %w", f.path, oserror.New(err))
	}
	defer clear(content)
	return f.parse(content)
}

// Close gives the lock back. What has not been saved is lost.
func (f *CredentialsFile) Close() error {
	f.text.Clear()
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
	table := tableOf(registry)
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
	return f.change(removal(tableOf(registry), "token", "secret-key", "secret-key-subject"))
}

// RemoveToken removes a registry's token and nothing else. Unlike other changes
// it leaves an old token at the root alone, unless that is the one.
func (f *CredentialsFile) RemoveToken(registry string) error {
	table := tableOf(registry)
	if registry == "" && f.tree.below(table) == nil {
		table = nil
	}
	return f.document.change(removal(table, oldTokenKey))
}

// tableOf is where the file keeps a registry's credentials.
func tableOf(registry string) path {
	if registry == "" {
		return path{"registry"}
	}
	return path{"registries", registry}
}

// removal removes keys from a table: from what the file means, and from its
// text.
func removal(table path, keys ...string) (mean func(*node) error, edit func(*tomledit.Document) error) {
	return func(root *node) error {
			n := root.below(table)
			if n == nil {
				return nil
			}
			if n.kind != tableKind {
				return fmt.Errorf("expected `[%s]` to be a table", table)
			}
			for _, key := range keys {
				delete(n.table, key)
			}
			return nil
		}, func(text *tomledit.Document) error {
			return text.Remove(table, keys...)
		}
}

// Stored is what a credentials file holds for one registry; nil is nothing.
type Stored struct{ Token, SecretKey, SecretKeySubject *Secret }

// Stored returns what the file holds, by the names of [CredentialsFile.SetToken].
func (f *CredentialsFile) Stored() map[string]Stored { return storedIn(f.tree) }

// HasCredentialsFile reports whether there is a credentials file in the given
// home, or something in its place.
func HasCredentialsFile(home string) bool {
	_, err := os.Stat(credentialsKind.path(home))
	return !errors.Is(err, fs.ErrNotExist)
}

// StoredCredentials returns what the credentials file in the given home holds, by
// the names of [CredentialsFile.SetToken], and the file's path. Unlike
// [Config.Registry] it does not see what is configured elsewhere. A file that
// does not exist holds nothing, and is not created.
func StoredCredentials(home string) (path string, stored map[string]Stored, err error) {
	path = credentialsKind.path(home)
	content, err := readLocked(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, err
	}
	defer clear(content)
	tree, err := parseTOML(content, Definition{Kind: File, Path: path})
	if err != nil {
		return path, nil, fileError(path, err)
	}
	return path, storedIn(tree), nil
}

// storedIn returns what a credentials file holds for each registry.
func storedIn(root *node) map[string]Stored {
	found := map[string]Stored{}
	add := func(name string, registry *node) {
		secret := func(key string) *Secret {
			value := registry.below(path{key})
			if value == nil || value.kind != stringKind {
				return nil
			}
			secret := NewSecret(value.text)
			return &secret
		}
		stored := Stored{secret("token"), secret("secret-key"), secret("secret-key-subject")}
		if stored != (Stored{}) {
			found[name] = stored
		}
	}
	if registry := root.table["registry"]; registry != nil {
		add("", registry)
	} else if token := root.table[oldTokenKey]; token != nil && token.kind == stringKind {
		secret := NewSecret(token.text)
		found[""] = Stored{Token: &secret}
	}
	if registries := root.table["registries"]; registries != nil {
		for name, registry := range registries.table {
			add(name, registry)
		}
	}
	return found
}

// change changes the document. Like every change by Cargo it also moves a token
// from the root, where very old files have it, to [registry].
func (f *CredentialsFile) change(mean func(root *node) error, edit func(*tomledit.Document) error) error {
	return f.document.change(func(root *node) error {
		if token, ok := root.table[oldTokenKey]; ok {
			delete(root.table, oldTokenKey)
			registry := newTable(root.definition)
			registry.table["token"] = token
			root.table["registry"] = registry
		}
		return mean(root)
	}, func(text *tomledit.Document) error {
		if err := text.Nest(oldTokenKey, "registry"); err != nil {
			return err
		}
		return edit(text)
	})
}

// parse reads what the file holds, and refuses what Cargo would stumble over
// in its tables.
func (f *CredentialsFile) parse(content []byte) error {
	if err := f.document.parse(content); err != nil {
		return err
	}
	if _, err := descend(f.tree, path{"registry", "token"}); err != nil {
		return err
	}
	f.saved = bytes.Clone(content)
	return nil
}
