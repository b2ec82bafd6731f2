package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/tomledit"
)

// kind is the type of a configuration value.
type kind uint8

const (
	stringKind kind = iota
	integerKind
	booleanKind
	// Configuration has no values of the next two types: they are refused once
	// a document has been parsed.
	floatKind
	datetimeKind
	listKind
	tableKind
)

func (k kind) String() string {
	return [...]string{"string", "integer", "boolean", "float", "datetime", "array", "table"}[k]
}

// node is a value in the configuration. Trees share nodes: once its document
// has been parsed, a node is not changed any more.
type node struct {
	kind       kind
	definition *Definition
	// text is a string, an integer in decimal, or true or false.
	text  string
	list  []*node
	table map[string]*node
	// origin matters while a document is parsed.
	origin origin
}

func newTable(d *Definition) *node {
	return &node{kind: tableKind, definition: d, table: map[string]*node{}}
}

func newString(text string, d *Definition) *node {
	return &node{kind: stringKind, text: text, definition: d}
}

// names returns the names in a table, sorted.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.table)) }

// below returns the value at a path; nil if there is none, or no n.
func (n *node) below(at path) *node {
	for _, name := range at {
		if n == nil {
			return nil
		}
		n = n.table[name]
	}
	return n
}

// with returns a copy of n that has a value at a path. Tables on the way are
// made as needed.
func (n *node) with(value *node, at path) (*node, error) { return n.set(value, at, 0) }

func (n *node) set(value *node, at path, depth int) (*node, error) {
	if n.kind != tableKind {
		return nil, n.expected("table", at[:depth].String())
	}
	name := at[depth]
	if depth < len(at)-1 {
		table := cmp.Or(n.table[name], newTable(n.definition))
		var err error
		if value, err = table.set(value, at, depth+1); err != nil {
			return nil, err
		}
	}
	return n.replacing(name, value), nil
}

// without returns a copy of n that has nothing at a path.
func (n *node) without(at path) *node {
	if n.below(at) == nil {
		return n
	}
	name := at[0]
	if len(at) > 1 {
		return n.replacing(name, n.table[name].without(at[1:]))
	}
	return n.replacing(name, nil)
}

// replacing returns a copy of a table with another value of that name; nil is
// none.
func (n *node) replacing(name string, value *node) *node {
	changed := *n
	changed.table = maps.Clone(n.table)
	if value == nil {
		delete(changed.table, name)
	} else {
		changed.table[name] = value
	}
	return &changed
}

// means reports whether two values are the same, wherever they are defined.
func (n *node) means(other *node) bool {
	return other != nil && n.kind == other.kind && n.text == other.text &&
		slices.EqualFunc(n.list, other.list, (*node).means) &&
		maps.EqualFunc(n.table, other.table, (*node).means)
}

// expected is the error for a value of another kind than a caller needs.
func (n *node) expected(wanted, at string) error {
	return fmt.Errorf("expected a %s, but found a %s for `%s` in %s", wanted, n.kind, at, n.definition)
}

// merged returns base with over laid over it, both of which stand at the given
// place. Tables are merged key by key and lists are joined, except where they
// name a program. Of two scalars, the one whose definition has the higher kind
// wins; between equal kinds the one that lies over the other does if force is
// set, and for joined lists force says that its elements come last.
func merged(base, over *node, force bool, at path) (*node, error) {
	wins := force || over.definition.Kind > base.definition.Kind
	switch {
	case base.kind != over.kind && (base.kind >= listKind || over.kind >= listKind):
		return nil, fmt.Errorf("failed to merge config value from `%s` into `%s`: expected %s, but found %s",
			over.definition, base.definition, base.kind, over.kind)
	case base.kind == listKind:
		list := mergedLists(base.list, over.list, force, wins, at)
		return &node{kind: listKind, definition: base.definition, list: list}, nil
	case base.kind == tableKind:
		table := newTable(base.definition)
		maps.Copy(table.table, base.table)
		for _, name := range over.names() {
			value, err := over.table[name], error(nil)
			if old := base.table[name]; old != nil {
				if value, err = merged(old, value, force, at.child(name)); err != nil {
					return nil, fmt.Errorf("failed to merge key `%s` between %s and %s: %w",
						name, old.definition, over.table[name].definition, err)
				}
			}
			table.table[name] = value
		}
		return table, nil
	case wins:
		return over, nil
	}
	return base, nil
}

func mergedLists(base, over []*node, force, wins bool, at path) []*node {
	var list []*node
	switch {
	case at.namesProgram() && wins:
		list = slices.Clone(over)
	case at.namesProgram():
		list = slices.Clone(base)
	case force:
		list = slices.Concat(base, over)
	default:
		list = slices.Concat(over, base)
	}
	slices.SortStableFunc(list, func(a, b *node) int { return cmp.Compare(a.definition.Kind, b.definition.Kind) })
	return list
}

// path is the place of a value in the configuration.
type path []string

// child returns p with one more part; p itself is not changed.
func (p path) child(part string) path {
	return append(p[:len(p):len(p)], part)
}

// String returns the path as messages show it: parts that are no bare TOML
// keys are quoted, but for an empty one.
func (p path) String() string {
	parts := make([]string, len(p))
	for i, part := range p {
		parts[i] = shownKey(part)
	}
	return strings.Join(parts, ".")
}

func shownKey(part string) string {
	if part == "" {
		return ""
	}
	return tomledit.QuoteKey(part)
}

// namesProgram reports whether the value is a program with arguments. Lists
// from several places are not joined for such a value.
func (p path) namesProgram() bool {
	switch len(p) {
	case 2:
		return p[0] == "credential-alias" || p[0] == "registry" && p[1] == "credential-provider" ||
			p[0] == "doc" && p[1] == "browser" || p[0] == "host" && p[1] == "runner"
	case 3:
		return p[0] == "registries" && p[2] == "credential-provider" || p[0] == "target" && p[2] == "runner"
	}
	return false
}
