package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This chapter looks up single values. A value comes from the tree of the files and
// the --config arguments, or from an environment variable, which wins over a file and
// loses to --config.

// key is a path with the environment variable that sets the same value.
type key struct {
	path
	variable string
}

func parseKey(dotted string) key {
	k := key{variable: "CARGO"}
	for part := range strings.SplitSeq(dotted, ".") {
		k = k.child(part)
	}
	return k
}

// child returns the key of a value below k. The variable has the part in upper
// case, with '-' as '_'.
func (k key) child(part string) key {
	return key{k.path.child(part), k.variable + "_" + strings.ReplaceAll(strings.ToUpper(part), "-", "_")}
}

// exactChild is child for a part whose case the variable keeps.
func (k key) exactChild(part string) key {
	return key{k.path.child(part), k.variable + "_" + part}
}

// environ holds the variables that may be configuration.
type environ struct {
	values map[string]string
	// misspelt maps the name of a configuration variable to a variable that differs
	// from it in case or has a '-'.
	misspelt map[string]string
}

func newEnviron(environment []string) environ {
	e := environ{values: make(map[string]string, len(environment)), misspelt: map[string]string{}}
	for _, entry := range environment {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		e.values[name] = value // the last one counts
		spelling := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
		if spelling != name && utf8.ValidString(name) && utf8.ValidString(value) {
			e.misspelt[spelling] = name
		}
	}
	return e
}

// text returns the value of a variable. Cargo ignores one that is not UTF-8.
func (e environ) text(name string) (string, bool) {
	value, ok := e.values[name]
	return value, ok && utf8.ValidString(value)
}

// find returns the node of a key, without the environment; nil if it has none.
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

// configured reports whether the key, or one below it, has a value.
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

// inEnvironment reports whether a variable sets the key or one below it.
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
	return text, Definition{Variable: k.variable}, ok
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
	if n, _ := c.find(k); n != nil && (!set || n.definition.priority() > environmentPriority) {
		return *n.definition
	}
	return Definition{Variable: k.variable}
}

// definedError says where a wrong value is defined. Cargo shows both in one line
// rather than as an error and its cause.
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

// String returns the value of a string, such as "registry.default"; nil if it is not
// configured. The parts of a key are separated by dots.
func (c *Config) String(key string) (*Value[string], error) { return lookUp(c, key, c.locatedText) }

// Program returns a program with its arguments; nil if it is not configured.
func (c *Config) Program(key string) (*Program, error) { return lookUp(c, key, c.program) }

// Programs returns the programs in a list of strings, each split at white space; none
// if it is not configured. Those with the lowest priority come first. An environment
// variable adds its words.
func (c *Config) Programs(key string) ([]Program, error) {
	values, err := lookUp(c, key, c.strings)
	var programs []Program
	for _, value := range values {
		programs = append(programs, c.newProgram(strings.Fields(value.Val), value.Definition))
	}
	return programs, err
}

// lookUp reads the value of a key; the zero value if it is not configured.
func lookUp[T any](c *Config, dotted string, read func(key) (T, error)) (value T, err error) {
	k := parseKey(dotted)
	if ok, err := c.configured(k); err != nil || !ok {
		return value, err
	}
	return read(k)
}

// scalar returns the value of a key that has the given kind; nil if it has none.
// parse reads it from text.
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
	case variable != nil && n.definition.priority() < environmentPriority:
		return variable, nil
	}
	value, err := parse(n.text)
	return &Value[T]{value, *n.definition}, err
}

func (c *Config) text(k key) (*Value[string], error) {
	return scalar(c, k, stringKind, "a string", func(s string) (string, error) { return s, nil })
}

func (c *Config) locatedText(k key) (*Value[string], error) { return located(c, k, c.text) }

func (c *Config) boolean(k key) (*Value[bool], error) {
	return scalar(c, k, booleanKind, "true/false", func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, errors.New("it is not true or false")
		}
		return s == "true", nil
	})
}

func (c *Config) integer(k key) (*Value[int64], error) {
	return scalar(c, k, integerKind, "an integer", func(s string) (int64, error) {
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

// joinVariable adds the words that the environment has for the key to a list. They
// replace the words of a program.
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
		return nil, fmt.Errorf("`%s` names no program", k)
	}
	program := c.newProgram(words.Val, words.Definition)
	return &program, nil
}

// newProgram returns the program and arguments in words.
func (c *Config) newProgram(words []string, d Definition) Program {
	p := Program{Definition: d}
	if len(words) > 0 {
		p.Name, p.Path, p.Args = words[0], words[0], words[1:]
	}
	if strings.ContainsAny(p.Name, pathSeparators) {
		p.Path = c.ResolvePath(p.Name, d)
	}
	return p
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

// located reads a value together with its definition. For such values Cargo's errors
// say which key could not be read.
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

// required reads a value that seems to be configured. It fails if only a variable with
// a longer name made it seem so.
func required[T any](k key, read func(key) (*T, error)) (*T, error) {
	value, err := read(k)
	if err == nil && value == nil {
		err = fmt.Errorf("missing config key `%s`", k)
	}
	return value, err
}
