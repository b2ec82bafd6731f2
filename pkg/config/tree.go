package config

import (
	"fmt"
	"maps"
	"slices"
)

// kind is the type of a configuration value.
type kind int

const (
	stringKind kind = iota
	integerKind
	booleanKind
	listKind
	tableKind
)

func (k kind) String() string {
	return [...]string{"string", "integer", "boolean", "array", "table"}[k]
}

// node is a value in the configuration tree.
type node struct {
	kind       kind
	definition Definition

	text    string
	integer int64
	boolean bool
	list    []*node
	table   map[string]*node
	// origin matters while a document is parsed.
	origin origin
}

func newTable(d Definition) *node {
	return &node{kind: tableKind, definition: d, table: map[string]*node{}}
}

// expected is the error for a value of another kind than a caller needs.
func (n *node) expected(wanted string, at path) error {
	return fmt.Errorf("expected a %s, but found a %s for `%s` in %s", wanted, n.kind, at, n.definition)
}

// merge lays from over n, which stands at the given place. Tables are merged key by
// key and lists are joined, except where they name a program. Of two scalars,
// the one whose definition has the higher kind wins; between equal kinds the
// new one wins if force is set, and for joined lists force says that the new
// elements come last.
func (n *node) merge(from *node, force bool, at path) error {
	wins := force || from.definition.Kind > n.definition.Kind
	switch {
	case n.kind == listKind && from.kind == listKind:
		n.mergeList(from, force, wins, at)
	case n.kind == tableKind && from.kind == tableKind:
		for _, name := range slices.Sorted(maps.Keys(from.table)) {
			value := from.table[name]
			old, ok := n.table[name]
			if !ok {
				n.table[name] = value
				continue
			}
			if err := old.merge(value, force, at.child(name)); err != nil {
				return fmt.Errorf("failed to merge key `%s` between %s and %s: %w",
					name, old.definition, value.definition, err)
			}
		}
	case n.kind >= listKind || from.kind >= listKind:
		return fmt.Errorf("failed to merge config value from `%s` into `%s`: expected %s, but found %s",
			from.definition, n.definition, n.kind, from.kind)
	case wins:
		*n = *from
	}
	return nil
}

func (n *node) mergeList(from *node, force, wins bool, at path) {
	switch {
	case at.namesProgram():
		if wins {
			n.list = from.list
		}
	case force:
		n.list = append(n.list, from.list...)
	default:
		n.list = append(from.list, n.list...)
	}
	slices.SortStableFunc(n.list, func(a, b *node) int {
		return int(a.definition.Kind) - int(b.definition.Kind)
	})
}

// clone returns a copy that a merge into it leaves n alone.
func (n *node) clone() *node {
	c := *n
	c.list = slices.Clone(n.list)
	if n.table != nil {
		c.table = make(map[string]*node, len(n.table))
		for name, value := range n.table {
			c.table[name] = value.clone()
		}
	}
	return &c
}
