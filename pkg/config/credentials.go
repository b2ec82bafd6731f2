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

// CredentialsFile is the file in Cargo's home that holds tokens, opened to be
// changed. It is the only thing that writes to that file.
//
//	f, err := cfg.OpenCredentials(ctx)
//	if err != nil {
//		return err
//	}
//	defer f.Close()
//	if err := f.SetToken("my-registry", token); err != nil {
//		return err
//	}
//	return f.Save()
//
// While it is open, no one else who asks for the lock, such as Cargo, writes.
// A change leaves all bytes as they are that need not change: comments, order,
// quoting, line ends. What the file means afterwards is what it means after
// Cargo has made the same change. A change that fails changes nothing.
//
// A CredentialsFile must not be used by several goroutines at once.
type CredentialsFile struct {
	document
	file   *os.File
	config *Config
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
func OpenCredentials(ctx context.Context, home string, notify func(Message)) (*CredentialsFile, error) {
	return New(Options{Home: home, Notify: notify}).OpenCredentials(ctx)
}

// OpenCredentials opens the credentials file in the configuration's home, as the
// function of that name does. When it is closed, the configuration has what was
// saved.
func (c *Config) OpenCredentials(ctx context.Context) (*CredentialsFile, error) {
	path, file, err := openLocked(ctx, credentialsKind, c.Home, c.Notify)
	if err != nil {
		return nil, err
	}
	if c.Notify != nil {
		for _, danger := range dangers(file) {
			c.say(Warning, "%s", danger)
		}
	}
	f := &CredentialsFile{file: file, config: c}
	content, err := system.ReadAll(file, system.MaxSize)
	if err != nil {
		err = fmt.Errorf("failed to read configuration file `%s`: %w", path, system.Error(err))
	} else {
		f.document, err = c.parseCredentials(path, content)
	}
	if err == nil {
		// Cargo would stumble over this.
		_, err = descend(f.tree, tableOf("").child("token"))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// Save writes the changes. Whoever else may read the file loses that before a
// token is in it, even if nothing has changed. At every moment the file holds
// all of the old or all of the new document, at most with line ends after it, or
// there is a recovery copy from which the next open makes it whole.
// If it fails, the file is as it was, as far as the system allows. The error is
// [ErrChanged] if a program that knows nothing of the lock has changed it.
func (f *CredentialsFile) Save() error {
	info, err := f.file.Stat()
	if err == nil {
		err = narrow(f.file, info)
	}
	if err == nil && isOpen(info) && (bytes.Contains(f.saved, []byte("token")) || bytes.Contains(f.saved, []byte("secret-key"))) {
		f.config.say(Warning, "other users could read `%s` (mode %04o): revoke the tokens that were in it", f.path, info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("failed to set permissions of `%s`: %w", f.path, system.Error(err))
	}
	if !f.changed() {
		return nil
	}
	if err := f.write(f.file); err != nil {
		return err
	}
	f.config.credentials = f.document
	return nil
}

// Close gives the lock back. What has not been saved is lost.
func (f *CredentialsFile) Close() error {
	f.config.withCredentials = nil
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
	values := newTable(f.definition())
	var keys []string
	for _, s := range settings {
		values.add(s.key, newString(s.text, values.definition))
		keys = append(keys, s.key)
	}
	return f.change(func(root *node) (*node, error) {
		if registry == "" {
			return root.replacing("registry", values), nil
		}
		registries := newTable(values.definition, member{registry, values})
		if old := root.child("registries"); old != nil {
			var err error
			if registries, err = merged(registries, old, false, nil); err != nil {
				return nil, err
			}
		}
		return root.replacing("registries", registries), nil
	}, func(document *tomledit.Document) error {
		if registry == "" {
			if err := document.Only("registry", keys...); err != nil {
				return err
			}
		}
		for _, s := range settings {
			if err := document.Set(s.text, tableOf(registry).child(s.key)...); err != nil {
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
	table := tableOf(registry)
	keys := []string{"token", "secret-key", "secret-key-subject"}
	return f.change(func(root *node) (*node, error) { return without(root, table, keys...) },
		func(text *tomledit.Document) error { return text.Remove(table, keys...) })
}

// RemoveToken removes a registry's token and nothing else. Unlike other changes
// it leaves an old token at the root alone, unless that is the one.
func (f *CredentialsFile) RemoveToken(registry string) error {
	table := tableOf(registry)
	if registry == "" && f.tree.below(table) == nil {
		table = nil
	}
	want, err := without(f.tree, table, oldTokenKey)
	if err != nil {
		return err
	}
	return f.edit(want, func(text *tomledit.Document) error { return text.Remove(table, oldTokenKey) })
}

// tableOf is where the file keeps a registry's credentials.
func tableOf(registry string) path {
	if registry == "" {
		return path{"registry"}
	}
	return path{"registries", registry}
}

// without returns what a file means without some keys of a table.
func without(root *node, table path, keys ...string) (*node, error) {
	if n := root.below(table); n != nil && n.kind != tableKind {
		return nil, fmt.Errorf("expected `[%s]` to be a table", table)
	}
	for _, key := range keys {
		root = root.without(table.child(key))
	}
	return root, nil
}

// Stored is what a credentials file holds for one registry; nil is nothing.
type Stored struct{ Token, SecretKey, SecretKeySubject *Secret }

// Stored returns what the file holds for a registry. The names are those of
// [CredentialsFile.SetToken].
func (f *CredentialsFile) Stored(registry string) Stored { return storedFor(f.tree, registry) }

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
	root, err := new(Config).readCredentials(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, err
	}
	stored = map[string]Stored{}
	for _, name := range append(root.child("registries").names(), "") {
		if found := storedFor(root, name); found != (Stored{}) {
			stored[name] = found
		}
	}
	return path, stored, nil
}

// storedFor returns what a credentials file holds for one registry.
func storedFor(root *node, registry string) Stored {
	table := root.below(tableOf(registry))
	if table == nil && registry == "" {
		// Very old files have the token of crates.io at the root.
		return Stored{Token: root.secret(oldTokenKey)}
	}
	return Stored{table.secret("token"), table.secret("secret-key"), table.secret("secret-key-subject")}
}

// secret returns the string of that name in a table; nil if there is none.
func (n *node) secret(name string) *Secret {
	value := n.below(path{name})
	if value == nil || value.kind != stringKind {
		return nil
	}
	secret := NewSecret(value.text)
	return &secret
}

// change changes the document. Like every change by Cargo it also moves a token
// from the root, where very old files have it, to [registry].
func (f *CredentialsFile) change(mean func(root *node) (*node, error), edit func(*tomledit.Document) error) error {
	root := f.tree
	token := root.child(oldTokenKey)
	if token != nil {
		registry := newTable(root.definition, member{"token", token})
		root = root.without(path{oldTokenKey}).replacing("registry", registry)
	}
	want, err := mean(root)
	if err != nil {
		return err
	}
	return f.edit(want, func(text *tomledit.Document) error {
		if token != nil {
			if err := text.Nest(oldTokenKey, "registry"); err != nil {
				return err
			}
		}
		return edit(text)
	})
}

// readCredentials returns what the credentials file at path means.
func (c *Config) readCredentials(path string) (*node, error) {
	content, err := readLocked(path)
	if err != nil {
		return nil, err
	}
	d, err := c.parseCredentials(path, content)
	return d.tree, err
}

// parseCredentials returns the content of the credentials file with what it
// means. It is not parsed again while it is as it was when it was last seen: a
// logout sees it three times.
func (c *Config) parseCredentials(path string, content []byte) (document, error) {
	if d := c.credentials; d.path == path && bytes.Equal(d.text.Bytes(), content) {
		return d, nil
	}
	d := document{path: path}
	if err := d.parse(content); err != nil {
		return d, err
	}
	c.credentials = d
	return d, nil
}
