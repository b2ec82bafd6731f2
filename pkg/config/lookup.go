package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// find returns the node of a key in the files, the --config values and, once
// read, the credentials; nil if there is none.
func (c *Config) find(k key) (*node, error) {
	root, err := c.tree()
	if err != nil {
		return nil, err
	}
	if c.credentials == nil {
		return descend(root, k.path)
	}
	n, err := descend(root, k.path)
	over, overErr := descend(c.credentials, k.path)
	switch {
	case err != nil && overErr != nil:
		// What is no table is in both; merging says which of them it is.
		merged := root.clone()
		merged.lay(c.credentials, true, nil)
		return descend(merged, k.path)
	case err != nil || overErr != nil:
		return nil, cmp.Or(err, overErr)
	case n == nil || over == nil:
		return cmp.Or(over, n), nil
	}
	merged := n.clone()
	return merged, merged.merge(over, true, k.path)
}

func descend(n *node, at path) (*node, error) {
	for i, part := range at {
		if n.kind != tableKind {
			return nil, fmt.Errorf("expected table for configuration key `%s`, but found %s in %s", at[:i], n.kind, n.definition)
		}
		if n = n.child(part); n == nil {
			return nil, nil
		}
	}
	return n, nil
}

// configured reports whether the key, or something below it, has a value.
func (c *Config) configured(k key) (bool, error) {
	if c.inEnvironment(k) {
		return true, nil
	}
	n, err := c.find(k)
	if err != nil || n != nil {
		return n != nil, err
	}
	c.warnMisspelt(k)
	return false, nil
}

// inEnvironment reports whether a variable sets the key or something below it.
func (c *Config) inEnvironment(k key) bool {
	_, ok := c.environ.values[k.variable]
	return ok || c.environ.hasPrefix(k.variable+"_")
}

// fromVariable returns the value that the environment has for the key.
func (c *Config) fromVariable(k key) (text string, d Definition, ok bool) {
	text, ok = c.environ.text(k.variable)
	if !ok {
		c.warnMisspelt(k)
	}
	return text, Definition{Kind: Environment, Variable: k.variable}, ok
}

func (c *Config) warnMisspelt(k key) {
	if name, ok := c.environ.misspelt[k.variable]; ok {
		c.Notice(Warning, "environment variables are expected to use uppercase letters and underscores, "+
			"the variable `%s` will be ignored and have no effect", name)
	}
}

// definition says where the value of a key is defined.
func (c *Config) definition(k key) Definition {
	_, set := c.environ.values[k.variable]
	if n, _ := c.find(k); n != nil && (!set || n.definition.Kind > Environment) {
		return *n.definition
	}
	return Definition{Kind: Environment, Variable: k.variable}
}

// definedError says where a value is defined that is wrong. Cargo shows both
// in one line, not as an error and its cause.
func definedError(d Definition, err error) error {
	return fmt.Errorf("error in %s: %v", d, err)
}

func invalidError(k key, n *node, wanted string) error {
	return fmt.Errorf("invalid configuration for key `%s`\n%v", k, n.expected(wanted, k.path))
}

// located reads a value whose definition is wanted too; an error then says
// which key could not be read.
func located[T any](c *Config, k key, read func(key) (*Value[T], error)) (*Value[T], error) {
	if _, err := c.find(k); err != nil {
		return nil, err
	}
	value, err := read(k)
	if err == nil && value == nil {
		// A variable whose name only starts with the key's.
		err = fmt.Errorf("missing config key `%s`", k)
	}
	if err != nil {
		return nil, fmt.Errorf("error in %s: could not load config key `%s`: %w", c.definition(k), k, err)
	}
	return value, nil
}

func lookUp[T any](c *Config, dotted string, read func(key) (*Value[T], error)) (*Value[T], error) {
	k := parseKey(dotted)
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	return located(c, k, read)
}

// String returns the value of a string, such as "registry.default"; nil if it
// is not configured.
func (c *Config) String(key string) (*Value[string], error) { return lookUp(c, key, c.text) }

// Bool returns the value of a boolean; nil if it is not configured.
func (c *Config) Bool(key string) (*Value[bool], error) { return lookUp(c, key, c.boolean) }

// Int returns the value of an integer; nil if it is not configured.
func (c *Config) Int(key string) (*Value[int64], error) { return lookUp(c, key, c.integer) }

// Strings returns the elements of a list, those with the lowest priority
// first; nil if it is not configured. An environment variable adds its words.
func (c *Config) Strings(key string) ([]Value[string], error) {
	k := parseKey(key)
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	return c.strings(k)
}

// Program returns a program with its arguments; nil if it is not configured.
func (c *Config) Program(key string) (*Program, error) {
	k := parseKey(key)
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	return c.program(k)
}

// table reads a table whose keys are all known.
type table struct {
	c       *Config
	key     key
	present map[string]bool
}

// openTable warns of keys in the table that are not among the known ones.
func (c *Config) openTable(k key, known ...string) (*table, error) {
	t := &table{c, k, map[string]bool{}}
	n, err := c.find(k)
	if err != nil {
		return nil, err
	}
	if n != nil {
		if n.kind != tableKind {
			return nil, invalidError(k, n, "table")
		}
		for _, name := range n.names() {
			t.present[name] = true
			if !slices.Contains(known, name) {
				c.Notice(Warning, "unused config key `%s.%s` in `%s`", k, name, n.child(name).definition)
			}
		}
	}
	for _, name := range known {
		if c.inEnvironment(k.child(name)) {
			t.present[name] = true
		}
	}
	return t, nil
}

// has reports whether a key of the table has a value. A variable whose name
// continues that of the key counts, unless another key of the table may be
// meant.
func (t *table) has(name string) (bool, error) {
	if !t.present[name] {
		return false, nil
	}
	k := t.key.child(name)
	if _, ok := t.c.environ.values[k.variable]; ok {
		return true, nil
	}
	n, err := t.c.find(k)
	if err != nil || n != nil {
		return n != nil, err
	}
	for other := range t.present {
		if strings.HasPrefix(strings.ReplaceAll(other, "-", "_"), strings.ReplaceAll(name, "-", "_")+"_") {
			return false, nil
		}
	}
	return true, nil
}

// required turns the absence of a value that was found to be there into an
// error.
func required[T any](k key, value *T, err error) (*T, error) {
	if err == nil && value == nil {
		err = fmt.Errorf("missing config key `%s`", k)
	}
	return value, err
}

func (t *table) text(name string) (*Value[string], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	k := t.key.child(name)
	value, err := t.c.text(k)
	return required(k, value, err)
}

func (t *table) boolean(name string) (*Value[bool], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	k := t.key.child(name)
	value, err := t.c.boolean(k)
	return required(k, value, err)
}

func (t *table) secret(name string) (*Value[Secret], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	text, err := located(t.c, t.key.child(name), t.c.text)
	if err != nil {
		return nil, err
	}
	return &Value[Secret]{NewSecret(text.Val), text.Definition}, nil
}

func (t *table) program(name string) (*Program, error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	return t.c.program(t.key.child(name))
}

func (t *table) strings(name string) ([]Value[string], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	return t.c.strings(t.key.child(name))
}
