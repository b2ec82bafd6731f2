package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// This chapter is the tree of values that a document, or several, make up.

// kind is the type of a configuration value.
type kind uint8

const (
	stringKind kind = iota
	integerKind
	booleanKind
	// Configuration has no values of the next two types. They are refused after a
	// document has been parsed.
	floatKind
	datetimeKind
	listKind
	tableKind
)

func (k kind) String() string {
	return [...]string{"string", "integer", "boolean", "float", "datetime", "array", "table"}[k]
}

// node is a value in the configuration. Trees share nodes, so a node does not change
// after its document has been parsed.
type node struct {
	kind       kind
	definition *Definition
	// text is a string, an integer in decimal, or true or false.
	text string
	list []*node
	// members are those of a table, in the order of the document.
	members []member
	// index finds members by name if there are many.
	index map[string]*node
	// origin matters while a document is parsed.
	origin origin
}

type member struct {
	name  string
	value *node
}

func newTable(d *Definition, members ...member) *node {
	return &node{kind: tableKind, definition: d, members: members}
}

func newString(text string, d *Definition) *node {
	return &node{kind: stringKind, text: text, definition: d}
}

// child returns the value of that name in a table, or nil.
func (n *node) child(name string) *node {
	if n.index != nil {
		return n.index[name]
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// add adds a value to a table that has none of that name.
func (n *node) add(name string, value *node) {
	n.members = append(n.members, member{name, value})
	if n.index != nil {
		n.index[name] = value
	} else {
		n.makeIndex()
	}
}

// makeIndex prepares a table for many searches. A single search, or any in a small
// table, is faster without.
func (n *node) makeIndex() {
	if len(n.members) <= 8 || n.index != nil {
		return
	}
	n.index = make(map[string]*node, 2*len(n.members))
	for _, m := range n.members {
		n.index[m.name] = m.value
	}
}

// names returns the sorted names in a table; n may be nil.
func (n *node) names() []string {
	if n == nil {
		return nil
	}
	var names []string
	for _, m := range n.members {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return names
}

// below returns the value at a path, or nil; n may be nil.
func (n *node) below(at path) *node {
	for _, name := range at {
		if n == nil {
			return nil
		}
		n = n.child(name)
	}
	return n
}

// with returns a copy of n that has a value at a path. Everything on the path must
// be a table; missing tables are made.
func (n *node) with(value *node, at path) *node {
	if len(at) > 1 {
		value = cmp.Or(n.child(at[0]), newTable(n.definition)).with(value, at[1:])
	}
	return n.replacing(at[0], value)
}

// without returns a copy of n that has no value at a path.
func (n *node) without(at path) *node {
	if n.below(at) == nil {
		return n
	}
	return n.with(nil, at)
}

// replacing returns a copy of a table with another value of that name, or without it
// if value is nil.
func (n *node) replacing(name string, value *node) *node {
	changed := *n
	changed.index = nil
	isIt := func(m member) bool { return m.name == name }
	i := slices.IndexFunc(n.members, isIt)
	switch {
	case value == nil:
		changed.members = slices.DeleteFunc(slices.Clone(n.members), isIt)
	case i < 0:
		changed.members = append(slices.Clip(n.members), member{name, value})
	default:
		changed.members = slices.Clone(n.members)
		changed.members[i].value = value
	}
	return &changed
}

// means reports whether two values are equal, wherever they are defined.
func (n *node) means(other *node) bool {
	if other == nil || n.kind != other.kind || n.text != other.text || len(n.members) != len(other.members) {
		return false
	}
	for i, m := range n.members {
		match := other.members[i]
		if match.name != m.name {
			other.makeIndex()
			match.value = other.child(m.name)
		}
		if !m.value.means(match.value) {
			return false
		}
	}
	return slices.EqualFunc(n.list, other.list, (*node).means)
}

// expected is the error for a value of the wrong kind.
func (n *node) expected(wanted, at string) error {
	return fmt.Errorf("expected a %s, but found a %s for `%s` in %s", wanted, n.kind, at, n.definition)
}

// merged returns base with over laid over it; both stand at the given path. Tables
// are merged key by key, and lists are joined unless they name a program. Of two
// scalars the one whose definition has the higher priority wins, and over wins
// between equals if force is set. In joined lists force puts the elements of over
// last.
func merged(base, over *node, force bool, at path) (*node, error) {
	wins := force || over.definition.priority() > base.definition.priority()
	switch {
	case base.kind != over.kind && (base.kind >= listKind || over.kind >= listKind):
		return nil, fmt.Errorf("failed to merge config value from `%s` into `%s`: expected %s, but found %s",
			over.definition, base.definition, base.kind, over.kind)
	case base.kind == listKind:
		list := mergedLists(base.list, over.list, force, wins, at)
		return &node{kind: listKind, definition: base.definition, list: list}, nil
	case base.kind == tableKind:
		base.makeIndex()
		over.makeIndex()
		table := newTable(base.definition)
		table.members = make([]member, 0, len(base.members)+len(over.members))
		for _, m := range base.members {
			if above := over.child(m.name); above != nil {
				value, err := merged(m.value, above, force, at.child(m.name))
				if err != nil {
					return nil, fmt.Errorf("failed to merge key `%s` between %s and %s: %w",
						m.name, m.value.definition, above.definition, err)
				}
				m.value = value
			}
			table.members = append(table.members, m)
		}
		for _, m := range over.members {
			if base.child(m.name) == nil {
				table.members = append(table.members, m)
			}
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
	slices.SortStableFunc(list, func(a, b *node) int { return cmp.Compare(a.definition.priority(), b.definition.priority()) })
	return list
}

// path says where a value stands in the configuration.
type path []string

// child returns p with one more part; p itself is not changed.
func (p path) child(part string) path {
	return append(p[:len(p):len(p)], part)
}

// String returns the path as messages show it. Parts that are not bare TOML keys are
// quoted, except an empty one.
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

// namesProgram reports whether the value at the path is a program with arguments.
// Such lists from several places are not joined.
func (p path) namesProgram() bool {
	switch len(p) {
	case 2:
		return p[0] == "credential-alias" || p[0] == "registry" && p[1] == "credential-provider"
	case 3:
		return p[0] == "registries" && p[2] == "credential-provider"
	}
	return false
}

// value returns n as a plain Go value; n may be nil.
func (n *node) value() any {
	if n == nil {
		return nil
	}
	switch n.kind {
	case integerKind:
		i, _ := strconv.ParseInt(n.text, 10, 64)
		return i
	case booleanKind:
		return n.text == "true"
	case listKind:
		list := []any{}
		for _, element := range n.list {
			list = append(list, element.value())
		}
		return list
	case tableKind:
		table := map[string]any{}
		for _, m := range n.members {
			table[m.name] = m.value.value()
		}
		return table
	}
	return n.text
}
