package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// find returns the node of a key in the files, the --config values and, once
// read, the credentials; nil if there is none.
func (c *Config) find(k key) (*node, error) {
	if c.withCredentials != nil {
		return descend(c.withCredentials, k.path)
	}
	root, err := c.tree()
	if err != nil {
		return nil, err
	}
	return descend(root, k.path)
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
	for name := range c.environ.values {
		if rest, ok := strings.CutPrefix(name, k.variable); ok && (rest == "" || rest[0] == '_') {
			return true
		}
	}
	return false
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
		c.say(Warning, "environment variables are expected to use uppercase letters and underscores, "+
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
	return fmt.Errorf("invalid configuration for key `%s`\n%v", k, n.expected(wanted, k.String()))
}

// keyError says which key could not be read.
func keyError(d Definition, k key, err error) error {
	return fmt.Errorf("error in %s: could not load config key `%s`: %w", d, k, err)
}

// scalar returns the value of a key that has the given kind; nil if there is
// none. parse reads it from text.
func scalar[T any](c *Config, k key, want kind, wanted string, parse func(string) (T, error)) (*Value[T], error) {
	n, err := c.find(k)
	if err != nil {
		return nil, err
	}
	var variable *Value[T]
	if text, d, ok := c.fromVariable(k); ok {
		parsed, err := parse(text)
		if err != nil {
			return nil, definedError(d, err)
		}
		variable = &Value[T]{parsed, d}
	}
	switch {
	case n == nil:
		return variable, nil
	case n.kind != want:
		return nil, definedError(*n.definition, fmt.Errorf("`%s` expected %s, but found a %s", k, wanted, n.kind))
	case variable != nil && n.definition.Kind < Environment:
		return variable, nil
	}
	value, err := parse(n.text)
	return &Value[T]{value, *n.definition}, err
}

func (c *Config) text(k key) (*Value[string], error) {
	return scalar(c, k, stringKind, "a string", func(s string) (string, error) { return s, nil })
}

func (c *Config) boolean(k key) (*Value[bool], error) {
	return scalar(c, k, booleanKind, "true/false",
		func(s string) (bool, error) {
			if s != "true" && s != "false" {
				return false, errors.New("provided string was not `true` or `false`")
			}
			return s == "true", nil
		})
}

func (c *Config) integer(k key) (*Value[int64], error) {
	return scalar(c, k, integerKind, "an integer",
		func(s string) (int64, error) {
			i, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				err = errors.New("it is no integer of 64 bits")
			}
			return i, err
		})
}

// strings returns the elements of a list.
func (c *Config) strings(k key) ([]Value[string], error) {
	n, err := c.find(k)
	if err != nil {
		return nil, err
	}
	var list []*node
	if n != nil {
		if n.kind != listKind {
			return nil, invalidError(k, n, "list")
		}
		list = n.list
	}
	values := []Value[string]{}
	for i, n := range c.joinVariable(k, list) {
		if n.kind != stringKind {
			return nil, fmt.Errorf("error in %s: failed to parse config at `%s[%d]`: %w", n.definition, k, i,
				fmt.Errorf("expected a string, but found a %s", n.kind))
		}
		values = append(values, Value[string]{n.text, *n.definition})
	}
	return values, nil
}

// joinVariable returns list with the words that the environment has for the
// key; they replace those of a program.
func (c *Config) joinVariable(k key, list []*node) []*node {
	text, d, ok := c.fromVariable(k)
	if !ok {
		return list
	}
	return mergedLists(list, splitWords(text, &d), true, true, k.path)
}

// splitWords splits a list that is written as one string.
func splitWords(s string, d *Definition) []*node {
	var list []*node
	for word := range strings.FieldsSeq(s) {
		list = append(list, newString(word, d))
	}
	return list
}

func (c *Config) program(k key) (*Program, error) {
	words, err := located(c, k, c.words)
	if err != nil {
		return nil, err
	}
	if len(words.Val) == 0 {
		return nil, errors.New("invalid length 0, expected at least one element")
	}
	return &Program{Name: words.Val[0], Args: words.Val[1:], Definition: words.Definition}, nil
}

// words reads a list that may be written as one string.
func (c *Config) words(k key) (*Value[[]string], error) {
	n, err := c.find(k)
	if err != nil {
		return nil, err
	}
	var list []*node
	switch {
	case n == nil:
	case n.kind == listKind:
		list = n.list
	case n.kind == stringKind:
		list = splitWords(n.text, n.definition)
	default:
		return nil, invalidError(k, n, "string or array of strings")
	}
	value := &Value[[]string]{Definition: c.definition(k)}
	for _, n := range c.joinVariable(k, list) {
		if n.kind != stringKind {
			return nil, definedError(*n.definition, fmt.Errorf("`%s` expected string, but found a %s", k, n.kind))
		}
		value.Val = append(value.Val, n.text)
	}
	return value, nil
}

// located reads a value whose definition is wanted too; an error then says
// which key could not be read.
func located[T any](c *Config, k key, read func(key) (*Value[T], error)) (*Value[T], error) {
	if _, err := c.find(k); err != nil {
		return nil, err
	}
	value, err := required(k, read)
	if err != nil {
		return nil, keyError(c.definition(k), k, err)
	}
	return value, nil
}

// required reads a value that is there. Only a variable whose name continues
// that of the key can have made it look so.
func required[T any](k key, read func(key) (*T, error)) (*T, error) {
	value, err := read(k)
	if err == nil && value == nil {
		err = fmt.Errorf("missing config key `%s`", k)
	}
	return value, err
}

// lookUp reads the value of a key; the zero value if it is not configured.
func lookUp[T any](c *Config, dotted string, read func(key) (T, error)) (value T, err error) {
	k := parseKey(dotted)
	if ok, err := c.configured(k); err != nil || !ok {
		return value, err
	}
	return read(k)
}

// String returns the value of a string, such as "registry.default"; nil if it
// is not configured.
func (c *Config) String(key string) (*Value[string], error) { return lookUpScalar(c, key, c.text) }

// Bool returns the value of a boolean; nil if it is not configured.
func (c *Config) Bool(key string) (*Value[bool], error) { return lookUpScalar(c, key, c.boolean) }

func lookUpScalar[T any](c *Config, dotted string, read func(key) (*Value[T], error)) (*Value[T], error) {
	return lookUp(c, dotted, func(k key) (*Value[T], error) { return located(c, k, read) })
}

// Strings returns the elements of a list, those with the lowest priority
// first; nil if it is not configured. An environment variable adds its words.
func (c *Config) Strings(key string) ([]Value[string], error) { return lookUp(c, key, c.strings) }

// Program returns a program with its arguments; nil if it is not configured.
func (c *Config) Program(key string) (*Program, error) { return lookUp(c, key, c.program) }

// table reads a table whose keys are all known. Its methods return nil for what
// is not configured, and for everything once there is an error in err.
type table struct {
	c     *Config
	key   key
	known []string
	err   error
}

// openTable warns of keys in the table that are not among the known ones.
func (c *Config) openTable(k key, known ...string) *table {
	t := &table{c: c, key: k, known: known}
	n, err := c.find(k)
	switch {
	case err != nil:
		t.err = err
	case n == nil:
	case n.kind != tableKind:
		t.err = invalidError(k, n, "table")
	default:
		for _, name := range n.names() {
			if !slices.Contains(known, name) {
				c.say(Warning, "unused config key `%s.%s` in `%s`", k, name, *n.child(name).definition)
			}
		}
	}
	return t
}

// has reports whether a key of the table has a value. A variable whose name
// continues that of the key counts, unless another key of the table may be
// meant.
func (t *table) has(name string) bool {
	if t.err != nil {
		return false
	}
	k := t.key.child(name)
	n, err := t.c.find(k)
	if err != nil || n != nil {
		t.err = err
		return n != nil
	}
	if _, ok := t.c.environ.values[k.variable]; ok {
		return true
	}
	for _, other := range t.known {
		longer := t.key.child(other)
		if !strings.HasPrefix(longer.variable, k.variable+"_") {
			continue
		}
		if n, _ := t.c.find(longer); n != nil || t.c.inEnvironment(longer) {
			return false
		}
	}
	return t.c.inEnvironment(k)
}

// readKey reads a key of the table.
func readKey[T any](t *table, name string, read func(key) (T, error)) (value T) {
	if t.has(name) {
		var none T
		if value, t.err = read(t.key.child(name)); t.err != nil {
			return none
		}
	}
	return value
}

// requiredKey is readKey for what must have a value if it looks so.
func requiredKey[T any](t *table, name string, read func(key) (*T, error)) *T {
	return readKey(t, name, func(k key) (*T, error) { return required(k, read) })
}

func (t *table) text(name string) *Value[string] { return requiredKey(t, name, t.c.text) }

func (t *table) boolean(name string) *Value[bool] { return requiredKey(t, name, t.c.boolean) }

func (t *table) program(name string) *Program { return readKey(t, name, t.c.program) }

func (t *table) strings(name string) []Value[string] { return readKey(t, name, t.c.strings) }

// locatedText is text for a value whose definition is wanted too.
func (t *table) locatedText(name string) *Value[string] {
	return readKey(t, name, func(k key) (*Value[string], error) { return located(t.c, k, t.c.text) })
}

func (t *table) secret(name string) *Value[Secret] {
	text := t.locatedText(name)
	if text == nil {
		return nil
	}
	return &Value[Secret]{NewSecret(text.Val), text.Definition}
}

// unsigned reads an integer of one of Rust's unsigned types.
func (t *table) unsigned(name, rustType string) *Value[int64] {
	value := requiredKey(t, name, t.c.integer)
	if value != nil && (value.Val < 0 || rustType == "u32" && value.Val > 1<<32-1) {
		t.err = keyError(value.Definition, t.key.child(name),
			fmt.Errorf("invalid value: integer `%d`, expected %s", value.Val, rustType))
		return nil
	}
	return value
}

// val drops the definition of a value.
func val[T any](value *Value[T]) *T {
	if value == nil {
		return nil
	}
	return &value.Val
}
