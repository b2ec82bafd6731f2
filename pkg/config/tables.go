package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// This chapter reads whole tables: those that a caller describes by a struct, and those
// of the registries, with the credentials file on top.

// Table reads a table into a struct, as encoding/json reads an object. into points to
// the struct, and the tag of a field, such as `toml:"low-speed-limit"`, is its key. A
// field whose key is not configured stays as it is. The type of a field says what the
// key has:
//
//   - *string, *bool, *uint32, *uint64, *uint: a value
//   - *Value[string], *Value[Secret]: a value with its definition
//   - []Value[string]: a list of strings
//   - *Program: a program with its arguments
//   - a struct: a table; if its first field is a *string tagged ".", also a string
//   - a map of structs: tables that the user names
//
// The fields of an embedded struct count too. Table warns of keys that have no field.
// After an error, the struct has what was read before it.
func (c *Config) Table(key string, into any) error {
	return c.readInto(parseKey(key), reflect.ValueOf(into).Elem())
}

// readInto reads the value of a key that is configured.
func (c *Config) readInto(k key, field reflect.Value) (err error) {
	switch into := field.Addr().Interface().(type) {
	case **string:
		*into, err = plain(required(k, c.text))
	case **bool:
		*into, err = plain(required(k, c.boolean))
	case **uint, **uint32, **uint64:
		return c.readUnsigned(k, field)
	case **Value[string]:
		*into, err = c.locatedText(k)
	case **Value[Secret]:
		*into, err = c.secret(k)
	case *[]Value[string]:
		*into, err = c.strings(k)
	case **Program:
		*into, err = c.program(k)
	default:
		if field.Kind() == reflect.Map {
			return c.readTables(k, field)
		}
		return c.readTable(k, field)
	}
	return err
}

// plain drops the definition of a value.
func plain[T any](value *Value[T], err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &value.Val, nil
}

func (c *Config) readUnsigned(k key, into reflect.Value) error {
	value, err := required(k, c.integer)
	if err != nil {
		return err
	}
	number := reflect.New(into.Type().Elem())
	if value.Val < 0 || number.Elem().OverflowUint(uint64(value.Val)) {
		return keyError(value.Definition, k, fmt.Errorf("%d is out of range", value.Val))
	}
	number.Elem().SetUint(uint64(value.Val))
	into.Set(number)
	return nil
}

func (c *Config) secret(k key) (*Value[Secret], error) {
	text, err := c.locatedText(k)
	if err != nil {
		return nil, err
	}
	return &Value[Secret]{NewSecret(text.Val), text.Definition}, nil
}

func (c *Config) readTable(k key, into reflect.Value) error {
	known, fields := keysOf(into)
	if len(known) > 0 && known[0] == "." {
		return c.readStringOrTable(k, known, fields)
	}
	n, err := c.openTable(k)
	if err != nil {
		return err
	}
	if k.String() == "unstable" {
		// Its keys change with every release of Cargo.
		return c.readFields(k, n, known, fields, append(known, n.names()...))
	}
	for _, name := range n.names() {
		if !slices.Contains(known, name) {
			c.say(Warning, "unused config key `%s.%s` in `%s`", k, name, *n.child(name).definition)
		}
	}
	return c.readFields(k, n, known, fields, known)
}

// openTable returns a table; nil if it is not configured.
func (c *Config) openTable(k key) (*node, error) {
	n, err := c.find(k)
	if err == nil && n != nil && n.kind != tableKind {
		err = invalidError(k, n, "table")
	}
	return n, err
}

// keysOf returns the keys that a struct has fields for, and the fields.
func keysOf(into reflect.Value) (keys []string, fields []reflect.Value) {
	for i := range into.NumField() {
		switch field := into.Type().Field(i); {
		case field.Anonymous:
			embedded, more := keysOf(into.Field(i))
			keys, fields = append(keys, embedded...), append(fields, more...)
		case field.Tag.Get("toml") != "":
			keys, fields = append(keys, field.Tag.Get("toml")), append(fields, into.Field(i))
		}
	}
	return keys, fields
}

// readFields reads the configured keys of the table n. A variable may be meant for any
// of the candidates.
func (c *Config) readFields(k key, n *node, keys []string, fields []reflect.Value, candidates []string) error {
	for i, name := range keys {
		if !c.has(k, n, name, candidates) {
			continue
		}
		if err := c.readInto(k.child(name), fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a key of the table n has a value. A variable with a longer name
// counts too, unless it may be meant for another candidate.
func (c *Config) has(table key, n *node, name string, candidates []string) bool {
	isIn := func(name string) bool { return n != nil && n.child(name) != nil }
	k := table.child(name)
	if _, ok := c.environ.values[k.variable]; ok || isIn(name) {
		return true
	}
	for _, other := range candidates {
		longer := table.child(other)
		if strings.HasPrefix(longer.variable, k.variable+"_") && (isIn(other) || c.inEnvironment(longer)) {
			return false
		}
	}
	return c.inEnvironment(k)
}

// readStringOrTable reads a table, or a string into the first field. Cargo does not
// warn of keys in such a table.
func (c *Config) readStringOrTable(k key, keys []string, fields []reflect.Value) error {
	n, err := c.find(k)
	if err != nil {
		return err
	}
	if text, d, ok := c.fromVariable(k); ok && (n == nil || n.kind != listKind && n.definition.priority() < environmentPriority) {
		n = newString(text, &d)
	}
	switch {
	case n == nil:
		// Only a variable for a key in the table is set.
		return errors.New("expected a string or a table")
	case n.kind == stringKind:
		text := n.text
		fields[0].Set(reflect.ValueOf(&text))
	case n.kind == tableKind:
		err = c.readFields(k, n, keys[1:], fields[1:], append(keys[1:], n.names()...))
	default:
		err = n.expected("string or table", k.String())
	}
	if err != nil {
		err = keyError(*n.definition, k, err)
	}
	return err
}

// readTables reads the tables in a table. A variable, which has the name of a table as
// the file spells it, can change a value but not add a table.
func (c *Config) readTables(k key, into reflect.Value) error {
	n, err := c.openTable(k)
	if err != nil || n == nil {
		return err
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, name := range n.names() {
		table := reflect.New(into.Type().Elem()).Elem()
		if err := c.readTable(k.exactChild(name), table); err != nil {
			return err
		}
		into.SetMapIndex(reflect.ValueOf(name), table)
	}
	return nil
}

// RegistryConfig is the table [registries.NAME], or [registry] for crates.io, with the
// credentials file and environment variables on top. A nil field is not configured.
type RegistryConfig struct {
	// Name is the name of the table, empty for crates.io.
	Name               string
	Index              *string        `toml:"index"`
	Token              *Value[Secret] `toml:"token"`
	CredentialProvider *Program       `toml:"credential-provider"`
	SecretKey          *Value[Secret] `toml:"secret-key"`
	SecretKeySubject   *string        `toml:"secret-key-subject"`
}

// Registry returns what is configured for the registry of that name, with its
// credentials; nil if it is not configured. An empty name is crates.io.
func (c *Config) Registry(name string) (*RegistryConfig, error) {
	if err := c.loadCredentials(); err != nil {
		return nil, err
	}
	// The other keys matter only if they are wrong.
	if name == "" {
		var table struct {
			RegistryConfig
			MinPublishAge   *string         `toml:"global-min-publish-age"`
			Default         *string         `toml:"default"`
			GlobalProviders []Value[string] `toml:"global-credential-providers"`
		}
		return c.registry(parseKey("registry"), reflect.ValueOf(&table).Elem(), &table.RegistryConfig)
	}
	var table struct {
		RegistryConfig
		MinPublishAge *string `toml:"min-publish-age"`
		Protocol      *string `toml:"protocol"`
	}
	table.Name = name
	return c.registry(parseKey("registries."+name), reflect.ValueOf(&table).Elem(), &table.RegistryConfig)
}

func (c *Config) registry(k key, table reflect.Value, read *RegistryConfig) (*RegistryConfig, error) {
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	if err := c.readTable(k, table); err != nil {
		return nil, err
	}
	return read, nil
}

// Registries returns the index URLs of all configured registries by name. If only a
// variable names a registry, CARGO_REGISTRIES_NAME_INDEX, its name is in lower case as
// in Cargo, and has '_' for each '-'.
func (c *Config) Registries() (map[string]Value[string], error) {
	registries, seen := map[string]Value[string]{}, map[string]bool{}
	err := c.eachIndex(func(name string, index *node) {
		value := Value[string]{index.text, *index.definition}
		k := parseKey("registries").child(name).child("index")
		seen[k.variable] = true
		if text, ok := c.environ.text(k.variable); ok && index.definition.priority() < environmentPriority {
			value = Value[string]{text, Definition{Variable: k.variable}}
		}
		registries[name] = value
	})
	if err != nil {
		return nil, err
	}
	for _, variable := range c.variableIndexes() {
		if _, ok := registries[nameIn(variable)]; !ok && !seen[variable] {
			registries[nameIn(variable)] = Value[string]{c.environ.values[variable], Definition{Variable: variable}}
		}
	}
	return registries, nil
}

// RegistryNames returns the sorted names of the registries that have a wanted index
// URL. Cargo finds the credentials of a registry by these names. It looks at the
// variables CARGO_REGISTRIES_NAME_INDEX first, and only if none has a wanted URL, at
// files and --config arguments. An error of wanted is returned, the one of the first
// name, but ignored for a variable.
func (c *Config) RegistryNames(wanted func(index string) (bool, error)) (names []string, err error) {
	if err := c.loadCredentials(); err != nil {
		return nil, err
	}
	for _, variable := range c.variableIndexes() {
		if is, err := wanted(c.environ.values[variable]); is && err == nil {
			names = append(names, nameIn(variable))
		}
	}
	if len(names) == 0 {
		var wrong string
		var failure error
		err = c.eachIndex(func(name string, index *node) {
			switch is, err := wanted(index.text); {
			case err != nil && (failure == nil || name < wrong):
				wrong, failure = name, err
			case is:
				names = append(names, name)
			}
		})
		if err == nil {
			err = failure
		}
	}
	slices.Sort(names)
	return names, err
}

// eachIndex calls do, in any order, with the index of each registry in files and
// --config arguments.
func (c *Config) eachIndex(do func(name string, index *node)) error {
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
		do(m.name, index)
	}
	return nil
}

// variableIndexes returns the sorted variables that define an index.
func (c *Config) variableIndexes() (variables []string) {
	for variable := range c.environ.values {
		rest, found := strings.CutPrefix(variable, indexPrefix)
		if _, ok := c.environ.text(variable); ok && found && strings.HasSuffix(rest, indexSuffix) {
			variables = append(variables, variable)
		}
	}
	slices.Sort(variables)
	return variables
}

const indexPrefix, indexSuffix = "CARGO_REGISTRIES_", "_INDEX"

// nameIn returns Cargo's name for the registry of such a variable.
func nameIn(variable string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(variable, indexPrefix), indexSuffix))
}

// loadCredentials reads the credentials file once and lays it over the configuration.
// It wins over --config arguments, but not over the environment.
func (c *Config) loadCredentials() error {
	if c.withCredentials != nil {
		return nil
	}
	file, found := c.filePath(c.Home, "credentials")
	if !found {
		return nil
	}
	credentials, err := c.readCredentials(file)
	if err != nil {
		return err
	}
	credentials, err = c.include(credentials, Definition{}, map[string]bool{filepath.Clean(file): true})
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
