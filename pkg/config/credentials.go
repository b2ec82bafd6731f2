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

// This chapter changes the file in Cargo's home that contains tokens. Nothing else
// writes to it. Each change opens the file, waits for its lock, edits the text and
// saves it. Meanwhile Cargo, and every other program that asks for the lock, waits.

// SetToken stores the token of a registry in the credentials file, and returns the
// path of the file. The registry is given by its name. An empty name is crates.io;
// then, as in Cargo, the token replaces everything in the table [registry]. A missing
// home or file is created; only the owner has access to the file.
//
// The file then means what it would mean after the same change by Cargo. Like all
// changes of the file, this keeps every byte that need not change: comments, order,
// quoting, line ends. It waits for the lock until ctx ends, and says so in a status
// line. It warns if others could read the file or can replace it. If it fails it leaves
// the file as it was, as far as the system allows. Its errors are Cargo's.
func (c *Config) SetToken(ctx context.Context, registry string, token Secret) (file string, err error) {
	return c.editCredentials(ctx, func(f *credentialsFile) error {
		return f.set(registry, setting{"token", token.Expose()})
	})
}

// SetSecretKey is [Config.SetToken] for a secret key and, unless it is nil, the
// subject of that key.
func (c *Config) SetSecretKey(ctx context.Context, registry string, key Secret, subject *string) error {
	settings := []setting{{"secret-key", key.Expose()}}
	if subject != nil {
		settings = append(settings, setting{"secret-key-subject", *subject})
	}
	_, err := c.editCredentials(ctx, func(f *credentialsFile) error { return f.set(registry, settings...) })
	return err
}

// RemoveCredentials removes a registry's token, secret key and key subject from the
// credentials file, as [Config.SetToken] stores them. Other keys of the registry stay,
// and so does its table. It returns what it has removed, or nil. It does not create the
// file.
func (c *Config) RemoveCredentials(ctx context.Context, registry string) (removed *RegistryConfig, err error) {
	if _, err := os.Stat(credentialsKind.path(c.Home)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	_, err = c.editCredentials(ctx, func(f *credentialsFile) error {
		if removed = storedFor(f.tree, registry); removed == nil {
			return nil
		}
		return f.remove(registry)
	})
	return removed, err
}

// RemoveToken removes one token from the credentials file, after it has been stored
// elsewhere. It fails if the registry has another token by now, and does nothing if it
// has none. Other changes also move a token at the root, where very old files have it,
// to [registry]; this one does not.
func (c *Config) RemoveToken(ctx context.Context, registry string, token Secret) error {
	_, err := c.editCredentials(ctx, func(f *credentialsFile) error {
		switch stored := storedFor(f.tree, registry); {
		case stored == nil || stored.Token == nil:
			return nil
		case stored.Token.Val != token:
			return errChanged
		}
		return f.removeToken(registry)
	})
	return err
}

// StoredCredentials returns what the credentials file contains, by registry as in
// [Config.SetToken], and the path of the file. What is configured elsewhere does not
// count, unlike in [Config.Registry]. It does not create the file.
func (c *Config) StoredCredentials() (file string, stored map[string]*RegistryConfig, err error) {
	file = credentialsKind.path(c.Home)
	root, err := c.readCredentials(file)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil, nil
	}
	if err != nil {
		return file, nil, err
	}
	stored = map[string]*RegistryConfig{}
	for _, name := range append(root.child("registries").names(), "") {
		if found := storedFor(root, name); found != nil {
			stored[name] = found
		}
	}
	return file, stored, nil
}

// storedFor returns what a credentials file contains for one registry, or nil.
func storedFor(root *node, registry string) *RegistryConfig {
	table := root.below(tableOf(registry))
	if table == nil && registry == "" {
		// Very old files have the token of crates.io at the root.
		table = newTable(root.definition, member{"token", root.child(oldTokenKey)})
	}
	found := &RegistryConfig{Name: registry, Token: table.secret("token"), SecretKey: table.secret("secret-key")}
	if subject := table.below(path{"secret-key-subject"}); subject != nil && subject.kind == stringKind {
		found.SecretKeySubject = &subject.text
	}
	if *found == (RegistryConfig{Name: registry}) {
		return nil
	}
	return found
}

// secret returns the string of that name in a table, or nil; n may be nil.
func (n *node) secret(name string) *Value[Secret] {
	value := n.below(path{name})
	if value == nil || value.kind != stringKind {
		return nil
	}
	return &Value[Secret]{NewSecret(value.text), *value.definition}
}

const oldTokenKey = "token"

// tableOf returns the table of a registry's credentials.
func tableOf(registry string) path {
	if registry == "" {
		return path{"registry"}
	}
	return path{"registries", registry}
}

// credentialsFile is the credentials file while it is open and locked.
type credentialsFile struct {
	document
	file   *os.File
	config *Config
}

// editCredentials changes the credentials file. It starts again if a program that does
// not use the lock writes meanwhile. Afterwards the configuration has what was saved.
func (c *Config) editCredentials(ctx context.Context, change func(*credentialsFile) error) (path string, err error) {
	for range mostAttempts {
		var f *credentialsFile
		if f, err = c.openCredentials(ctx); err != nil {
			return "", err
		}
		if err = change(f); err != nil {
			f.close()
			return f.path, err
		}
		err = f.save()
		f.close() // a saved change is on the disk, even if this fails
		if path = f.path; !errors.Is(err, errChanged) {
			break
		}
	}
	return path, err
}

func (c *Config) openCredentials(ctx context.Context) (*credentialsFile, error) {
	path, file, err := openLocked(ctx, credentialsKind, c.Home, c.Notify)
	if err != nil {
		return nil, err
	}
	for _, danger := range dangers(file) {
		c.say(Warning, "%s", danger)
	}
	f := &credentialsFile{file: file, config: c}
	content, err := system.ReadAll(file, system.MaxSize)
	if err != nil {
		err = fmt.Errorf("failed to read configuration file `%s`: %w", path, system.Error(err))
	} else {
		f.document, err = c.parseCredentials(path, content)
	}
	if err == nil {
		// This is an error in Cargo.
		_, err = descend(f.tree, tableOf("").child("token"))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// save writes the changes. First it takes access from others, also if nothing has
// changed.
func (f *credentialsFile) save() error {
	info, err := f.file.Stat()
	if err == nil {
		err = narrow(f.file, info)
	}
	if err != nil {
		return fmt.Errorf("failed to set permissions of `%s`: %w", f.path, system.Error(err))
	}
	if isOpen(info) && (bytes.Contains(f.saved, []byte("token")) || bytes.Contains(f.saved, []byte("secret-key"))) {
		f.config.say(Warning, "other users could read `%s` (mode %04o): revoke the tokens that were in it", f.path, uint32(info.Mode().Perm()))
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

// close gives back the lock. It drops changes that are not saved.
func (f *credentialsFile) close() {
	f.config.withCredentials = nil
	f.file.Close()
}

type setting struct{ key, text string }

func (f *credentialsFile) set(registry string, settings ...setting) error {
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
	}, func(text *tomledit.Document) error {
		if registry == "" {
			if err := text.Only("registry", keys...); err != nil {
				return err
			}
		}
		for _, s := range settings {
			if err := text.Set(s.text, tableOf(registry).child(s.key)...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *credentialsFile) remove(registry string) error {
	table := tableOf(registry)
	keys := []string{"token", "secret-key", "secret-key-subject"}
	return f.change(func(root *node) (*node, error) { return without(root, table, keys...) },
		func(text *tomledit.Document) error { return text.Remove(table, keys...) })
}

func (f *credentialsFile) removeToken(registry string) error {
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

// without returns a tree without some keys of a table.
func without(root *node, table path, keys ...string) (*node, error) {
	if n := root.below(table); n != nil && n.kind != tableKind {
		return nil, fmt.Errorf("expected `[%s]` to be a table", table)
	}
	for _, key := range keys {
		root = root.without(table.child(key))
	}
	return root, nil
}

// change changes the document. Like Cargo, it also moves a token at the root, where
// very old files have it, to [registry].
func (f *credentialsFile) change(mean func(root *node) (*node, error), edit func(*tomledit.Document) error) error {
	root := f.tree
	token := root.child(oldTokenKey)
	if token != nil {
		if token.kind == tableKind {
			return token.expected("string", oldTokenKey)
		}
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

// parseCredentials parses the credentials file, unless it has not changed since it was
// last parsed. A logout reads it three times.
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
