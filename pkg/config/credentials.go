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

// This chapter changes the file in Cargo's home that holds tokens. Nothing else
// writes to it. Each change opens the file, waits for its lock, edits the text and
// saves it. While the lock is held, Cargo and every other program that asks for it
// waits.

// SetToken sets the token of a registry by its name in the credentials file, and
// returns the file's path. With an empty name it is that of crates.io, and then, as
// Cargo does it, it becomes all that the table [registry] holds. The home and the
// file, with access for its owner only, are created if they do not exist.
//
// As with all changes of the file, all bytes stay that need not change: comments,
// order, quoting, line ends. What the file means afterwards is what it means after
// Cargo has made the same change. A wait for the lock ends with ctx, and is told in
// a status line. The user is warned if others could read the file or can replace
// it. A change that fails changes nothing, as far as the system allows; the errors
// are Cargo's.
func (c *Config) SetToken(ctx context.Context, registry string, token Secret) (file string, err error) {
	return c.editCredentials(ctx, func(f *credentialsFile) error {
		return f.set(registry, setting{"token", token.Expose()})
	})
}

// SetSecretKey sets the secret key of a registry in the credentials file and, unless
// it is nil, the subject of that key. The rest is as with [Config.SetToken].
func (c *Config) SetSecretKey(ctx context.Context, registry string, key Secret, subject *string) error {
	settings := []setting{{"secret-key", key.Expose()}}
	if subject != nil {
		settings = append(settings, setting{"secret-key-subject", *subject})
	}
	_, err := c.editCredentials(ctx, func(f *credentialsFile) error { return f.set(registry, settings...) })
	return err
}

// RemoveCredentials removes what the credentials file holds to authenticate to a
// registry: a token, a secret key and its subject. Other keys of the registry, and
// its table, stay. It returns what it has removed; nil if there was nothing. A file
// that does not exist is not created. The rest is as with [Config.SetToken].
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

// RemoveToken removes a token that has been stored elsewhere from the credentials
// file, and nothing else: unlike other changes it leaves an old token at the root
// alone, unless that is the one. It is an error if the file has another token for
// the registry by now, and none if it has none.
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

// StoredCredentials returns what the credentials file holds, by the names that
// [Config.SetToken] has, and the file's path. Unlike [Config.Registry] it does not
// see what is configured elsewhere. A file that does not exist holds nothing, and
// is not created.
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

// storedFor returns what a credentials file holds for one registry; nil if it is
// nothing.
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

// secret returns the string of that name in a table; nil if there is none.
func (n *node) secret(name string) *Value[Secret] {
	value := n.below(path{name})
	if value == nil || value.kind != stringKind {
		return nil
	}
	return &Value[Secret]{NewSecret(value.text), *value.definition}
}

const oldTokenKey = "token"

// tableOf is where the file keeps a registry's credentials.
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

// editCredentials changes the credentials file. Afterwards the configuration has
// what was saved. If a program that knows nothing of the lock writes meanwhile,
// the change is made anew.
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
		f.close() // what has been saved is on the disk, whatever this says
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
		// Cargo would stumble over this.
		_, err = descend(f.tree, tableOf("").child("token"))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// save writes the changes. Whoever else may read the file loses that before a token
// is in it, even if nothing has changed.
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

// close gives the lock back. What has not been saved is lost.
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

// change changes the document. Like every change by Cargo it also moves a token
// from the root, where very old files have it, to [registry].
func (f *credentialsFile) change(mean func(root *node) (*node, error), edit func(*tomledit.Document) error) error {
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

// parseCredentials returns the content of the credentials file with what it means.
// It is not parsed again while it is as it was when it was last seen: a logout sees
// it three times.
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
