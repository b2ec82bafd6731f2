package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

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
	return scalar(c, k, stringKind, "a string",
		func(s string) (string, error) { return s, nil })
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
	return scalar(c, k, integerKind, "an integer", parseInteger)
}

// parseInteger has Rust's words for its errors.
func parseInteger(s string) (int64, error) {
	i, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil:
		return i, nil
	case s == "":
		return 0, errors.New("cannot parse integer from empty string")
	case errors.Is(err, strconv.ErrRange) && strings.HasPrefix(s, "-"):
		return 0, errors.New("number too small to fit in target type")
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("number too large to fit in target type")
	}
	return 0, errors.New("invalid digit found in string")
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
		list = n.elements()
	}
	values := []Value[string]{}
	for i, n := range c.joinVariable(k, list) {
		if n.kind != stringKind {
			return nil, fmt.Errorf("error in %s: failed to parse config at `%s[%d]`: %w", n.definition, k, i,
				fmt.Errorf("invalid type: %s, expected a string", n.unexpected()))
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
	joined := newList(list, &d)
	joined.mergeList(newList(splitWords(text, &d), &d), true, true, k.path)
	return joined.elements()
}

// splitWords splits a list that is written as one string.
func splitWords(s string, d *Definition) []*node {
	var list []*node
	for word := range strings.FieldsSeq(s) {
		list = append(list, &node{kind: stringKind, text: word, definition: d})
	}
	return list
}

// unexpected describes a value as the errors of Cargo's deserializer do.
func (n *node) unexpected() string {
	switch n.kind {
	case stringKind:
		return "string " + strconv.Quote(n.text)
	case integerKind:
		return "integer `" + n.text + "`"
	case booleanKind:
		return "boolean `" + n.text + "`"
	case listKind:
		return "sequence"
	}
	return "map"
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
		list = n.elements()
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
