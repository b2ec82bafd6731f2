package config

import (
	"path/filepath"
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

// NamedIndex is a registry's name with its index.
type NamedIndex struct {
	Name  string
	Index Value[string]
}

// Registry returns what is configured for a registry by its name, credentials
// included; nil if it is nothing. Cargo warns of keys in the table that it
// does not know.
func (c *Config) Registry(name string) (*RegistryConfig, error) {
	r, err := c.registry(parseKey("registries."+name), "min-publish-age", "protocol")
	if r != nil {
		r.Name = name
	}
	return r, err
}

// CratesIO returns what the table [registry] configures for crates.io,
// credentials included; nil if it is nothing.
func (c *Config) CratesIO() (*RegistryConfig, error) {
	return c.registry(parseKey("registry"), "global-min-publish-age", "default", "global-credential-providers")
}

func (c *Config) registry(k key, others ...string) (*RegistryConfig, error) {
	if err := c.LoadCredentials(); err != nil {
		return nil, err
	}
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	known := append([]string{"index", "token", "credential-provider", "secret-key", "secret-key-subject"}, others...)
	t := c.openTable(k, known...)
	r := RegistryConfig{
		Index:              t.text("index"),
		Token:              t.secret("token"),
		CredentialProvider: t.program("credential-provider"),
		SecretKey:          t.secret("secret-key"),
		SecretKeySubject:   t.text("secret-key-subject"),
	}
	// The others matter only if they are malformed.
	for _, name := range others {
		if name == "global-credential-providers" {
			t.strings(name)
		} else {
			t.text(name)
		}
	}
	if t.err != nil {
		return nil, t.err
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
		return registries.expected("table", "registries")
	}
	for _, m := range registries.members {
		if m.value.kind != tableKind {
			return m.value.expected("table", "registries."+m.name)
		}
		index := m.value.child("index")
		if index == nil {
			continue
		}
		if index.kind != stringKind {
			return index.expected("string", "registries."+m.name+".index")
		}
		each(m.name, index)
	}
	return nil
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
	for _, r := range c.VariableIndexes() {
		if !seen[r.Index.Definition.Variable] {
			registries = append(registries, r)
		}
	}
	slices.SortFunc(registries, func(a, b NamedIndex) int { return strings.Compare(a.Name, b.Name) })
	return registries, nil
}

// VariableIndexes returns the registries whose index a variable defines,
// CARGO_REGISTRIES_NAME_INDEX, sorted by name. Their names are in lower case, as
// Cargo has them.
func (c *Config) VariableIndexes() []NamedIndex {
	var registries []NamedIndex
	for variable := range c.environ.values {
		name, found := strings.CutPrefix(variable, "CARGO_REGISTRIES_")
		name, isIndex := strings.CutSuffix(name, "_INDEX")
		if text, ok := c.environ.text(variable); ok && found && isIndex {
			d := Definition{Kind: Environment, Variable: variable}
			registries = append(registries, NamedIndex{strings.ToLower(name), Value[string]{text, d}})
		}
	}
	slices.SortFunc(registries, func(a, b NamedIndex) int { return strings.Compare(a.Name, b.Name) })
	return registries
}

// LoadCredentials reads the credentials file in the home and lays it over the
// configuration, even over --config values, though not over the environment.
// It is read once; [Config.Registry] and [Config.CratesIO] call it.
func (c *Config) LoadCredentials() error {
	if c.withCredentials != nil {
		return nil
	}
	file, found := c.filePath(c.Home, "credentials", true)
	if !found {
		return nil
	}
	credentials, err := c.readCredentials(file)
	if err != nil {
		return err
	}
	credentials, err = c.include(credentials, File, map[string]bool{filepath.Clean(file): true})
	if err != nil {
		return err
	}
	// Very old files have the token of crates.io at the root.
	if token := credentials.child(oldTokenKey); token != nil {
		credentials = credentials.without(path{oldTokenKey})
		if credentials.child("registry") == nil {
			credentials = credentials.replacing("registry", newTable(credentials.definition, member{"token", token}))
		}
	}
	root, err := c.tree()
	if err != nil {
		return err
	}
	for _, m := range credentials.members {
		if base := root.child(m.name); base != nil {
			if m.value, err = merged(base, m.value, true, path{m.name}); err != nil {
				return err
			}
		}
		root = root.replacing(m.name, m.value)
	}
	c.withCredentials = root
	return nil
}

// ForgetCredentials has the credentials file read again when it is next needed,
// for a caller that knows of a change other than by [Config.OpenCredentials].
func (c *Config) ForgetCredentials() { c.withCredentials = nil }

// Source is a table [source.NAME]. A nil field is not configured.
type Source struct {
	Name string
	// ReplaceWith is the name of the source to use instead.
	ReplaceWith *Value[string]
	// Directory and LocalRegistry are paths, see [Config.ResolvePath].
	Directory, LocalRegistry *Value[string]
	// Registry and Git are URLs.
	Registry, Git *Value[string]
	// Branch, Tag and Rev belong to Git.
	Branch, Tag, Rev *Value[string]
}

// Sources returns all [source] tables in the files and the --config values,
// sorted by name. The environment can change a value of such a table, with the
// source's name in the variable as it stands in the file, but cannot add one.
func (c *Config) Sources() ([]Source, error) {
	k := parseKey("source")
	n, err := c.find(k)
	if err != nil || n == nil {
		return nil, err
	}
	if n.kind != tableKind {
		return nil, invalidError(k, n, "table")
	}
	var sources []Source
	for _, name := range n.names() {
		t := c.openTable(k.exactChild(name), "replace-with", "directory", "registry", "local-registry",
			"git", "branch", "tag", "rev")
		sources = append(sources, Source{
			Name:          name,
			ReplaceWith:   t.locatedText("replace-with"),
			Directory:     t.locatedText("directory"),
			Registry:      t.locatedText("registry"),
			LocalRegistry: t.locatedText("local-registry"),
			Git:           t.locatedText("git"),
			Branch:        t.locatedText("branch"),
			Tag:           t.locatedText("tag"),
			Rev:           t.locatedText("rev"),
		})
		if t.err != nil {
			return nil, t.err
		}
	}
	return sources, nil
}
