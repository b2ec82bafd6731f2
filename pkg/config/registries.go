package config

import (
	"fmt"
	"slices"
	"strings"
)

// RegistryConfig is what is configured for one registry: the table
// [registries.NAME], or [registry] for crates.io, with environment variables
// and the credentials file laid over it. A nil field is not configured.
type RegistryConfig struct {
	// Name is the table's, empty for crates.io.
	Name               string
	Index              *Value[string]
	Token              *Value[Secret]
	CredentialProvider *Program
	SecretKey          *Value[Secret]
	SecretKeySubject   *Value[string]
}

// Program is a configured program with its arguments, such as a credential
// provider: a string that is split at white space, or a list.
type Program struct {
	// Name is the first word as configured; [Config.ResolveProgram] gives the
	// path to run.
	Name       string
	Args       []string
	Definition Definition
}

// NamedIndex is a registry's name with its index.
type NamedIndex struct {
	Name  string
	Index Value[string]
}

// Registry returns what is configured for a registry by its name, credentials
// included; nil if it is nothing. Cargo warns of keys in the table that it
// does not know.
func (c *Config) Registry(name string) (*RegistryConfig, error) {
	r, err := c.registry(parseKey("registries."+name), "protocol")
	if r != nil {
		r.Name = name
	}
	return r, err
}

// CratesIO returns what the table [registry] configures for crates.io,
// credentials included; nil if it is nothing.
func (c *Config) CratesIO() (*RegistryConfig, error) {
	return c.registry(parseKey("registry"), "default", "global-credential-providers")
}

func (c *Config) registry(k key, others ...string) (*RegistryConfig, error) {
	if err := c.LoadCredentials(); err != nil {
		return nil, err
	}
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	known := append([]string{"index", "token", "credential-provider", "secret-key", "secret-key-subject"}, others...)
	t, err := c.openTable(k, known...)
	if err != nil {
		return nil, err
	}
	var r RegistryConfig
	if r.Index, err = t.text("index"); err != nil {
		return nil, err
	}
	if r.Token, err = t.secret("token"); err != nil {
		return nil, err
	}
	if r.CredentialProvider, err = t.program("credential-provider"); err != nil {
		return nil, err
	}
	if r.SecretKey, err = t.secret("secret-key"); err != nil {
		return nil, err
	}
	if r.SecretKeySubject, err = t.text("secret-key-subject"); err != nil {
		return nil, err
	}
	for _, name := range others {
		if name == "global-credential-providers" {
			_, err = t.strings(name)
		} else {
			_, err = t.text(name)
		}
		if err != nil {
			return nil, err
		}
	}
	return &r, nil
}

// RegistryIndexes calls each with the name and the index URL of all [registries]
// tables in the files and the --config values, in no order. The environment is
// not asked. If there is an error, not all that each was called with counts.
func (c *Config) RegistryIndexes(each func(name, url string)) error {
	return c.indexes(func(name string, index *node) { each(name, index.text) })
}

// indexes is RegistryIndexes with the values.
func (c *Config) indexes(each func(name string, index *node)) error {
	root, err := c.tree()
	if err != nil {
		return err
	}
	registries := root.child("registries")
	if registries == nil {
		return nil
	}
	if registries.kind != tableKind {
		return registries.expected("table", path{"registries"})
	}
	var first firstFailure
	for _, e := range registries.members.list {
		index, err := e.value.indexOf(e.name)
		if err != nil {
			first.note(e.name, err)
		} else if index != nil {
			each(e.name, index)
		}
	}
	return first.err
}

// indexOf returns the index in the table of the registry with the given name; nil
// if there is none.
func (n *node) indexOf(name string) (*node, error) {
	if n.kind != tableKind {
		return nil, n.expectedAt("table", "registries."+name)
	}
	index := n.child("index")
	if index != nil && index.kind != stringKind {
		return nil, index.expectedAt("string", "registries."+name+".index")
	}
	return index, nil
}

// Registries returns all registries that the configuration names, with the
// place that defines their index, sorted by name: those of
// [Config.RegistryIndexes], whose index a variable may override, and those that
// only a variable names, CARGO_REGISTRIES_NAME_INDEX. Their names are in lower
// case here, as Cargo has them; a '-' in a name cannot be told from a '_'.
func (c *Config) Registries() ([]NamedIndex, error) {
	var registries []NamedIndex
	seen := map[string]bool{}
	err := c.indexes(func(name string, index *node) {
		value := Value[string]{index.text, *index.definition}
		k := parseKey("registries").child(name).child("index")
		seen[k.variable] = true
		if text, ok := c.environ.text(k.variable); ok && index.definition.Kind < Environment {
			value = Value[string]{text, Definition{Kind: Environment, Variable: k.variable}}
		}
		registries = append(registries, NamedIndex{name, value})
	})
	if err != nil {
		return nil, err
	}
	for variable := range c.environ.values {
		name, found := strings.CutPrefix(variable, "CARGO_REGISTRIES_")
		name, isIndex := strings.CutSuffix(name, "_INDEX")
		text, ok := c.environ.text(variable)
		if found && isIndex && ok && !seen[variable] {
			d := Definition{Kind: Environment, Variable: variable}
			registries = append(registries, NamedIndex{strings.ToLower(name), Value[string]{text, d}})
		}
	}
	slices.SortFunc(registries, func(a, b NamedIndex) int { return strings.Compare(a.Name, b.Name) })
	return registries, nil
}

// LoadCredentials reads the credentials file in the home and lays it over the
// configuration, even over --config values, though not over the environment.
// It is read once; [Config.Registry] and [Config.CratesIO] call it.
func (c *Config) LoadCredentials() error {
	if c.credentials != nil {
		return nil
	}
	file, found := c.filePath(c.Home, "credentials", true)
	if !found {
		return nil
	}
	if c.known == nil || c.known.path != file {
		read, err := readCredentials(file)
		if err != nil {
			return err
		}
		c.known = read
	}
	// What follows takes values out of the outermost table.
	credentials := newTable(c.known.tree.definition)
	for _, e := range c.known.tree.members.list {
		credentials.setChild(e.name, e.value)
	}
	credentials, err := c.include(credentials, File, map[string]bool{components(file): true})
	if err != nil {
		return err
	}
	moveOldToken(credentials)

	root, err := c.tree()
	if err != nil {
		return err
	}
	for _, e := range credentials.members.list {
		if base := root.child(e.name); base != nil {
			if err := base.mergeable(e.value); err != nil {
				return err
			}
		}
	}
	c.credentials = credentials
	return nil
}

// ForgetCredentials has the credentials file read again when it is next needed,
// for a caller that knows of a change other than by [Config.OpenCredentials].
func (c *Config) ForgetCredentials() { c.known, c.credentials = nil, nil }

// moveOldToken puts a token at the root, where very old files have it, into
// [registry], unless the file has that table.
func moveOldToken(credentials *node) {
	token := credentials.child(oldTokenKey)
	if token == nil {
		return
	}
	credentials.removeChild(oldTokenKey)
	if credentials.child("registry") != nil {
		return
	}
	registry := newTable(credentials.definition)
	registry.setChild("token", token)
	credentials.setChild("registry", registry)
}

// expectedAt is expected for a place that is named as it is, without quotes.
func (n *node) expectedAt(wanted, at string) error {
	return fmt.Errorf("expected a %s, but found a %s for `%s` in %s", wanted, n.kind, at, n.definition)
}
