package config

import (
	"fmt"
	"slices"
)

// kind is the type of a configuration value.
type kind uint8

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
	kind kind
	// origin matters while a document is parsed.
	origin     origin
	boolean    bool
	definition *Definition

	text    string
	integer int64
	list    []*node
	members members
}

func newTable(d *Definition) *node { return &node{kind: tableKind, definition: d} }

// below returns the value at a path; nil if there is none, or no n.
func (n *node) below(at path) *node {
	for _, name := range at {
		if n == nil {
			return nil
		}
		n = n.child(name)
	}
	return n
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
	if err := n.mergeable(from); err != nil {
		return err
	}
	n.lay(from, force, at)
	return nil
}

// mergeable is the error of merging from into n: a list or a table is not merged
// with anything else.
func (n *node) mergeable(from *node) error {
	if n.kind != from.kind && (n.kind >= listKind || from.kind >= listKind) {
		return fmt.Errorf("failed to merge config value from `%s` into `%s`: expected %s, but found %s",
			from.definition, n.definition, n.kind, from.kind)
	}
	if n.kind != tableKind {
		return nil
	}
	var first firstFailure
	for _, e := range from.members.list {
		old := n.child(e.name)
		if old == nil {
			continue
		}
		if err := old.mergeable(e.value); err != nil {
			first.note(e.name, fmt.Errorf("failed to merge key `%s` between %s and %s: %w",
				e.name, old.definition, e.value.definition, err))
		}
	}
	return first.err
}

// lay is merge of what can be merged.
func (n *node) lay(from *node, force bool, at path) {
	wins := force || from.definition.Kind > n.definition.Kind
	switch {
	case n.kind == listKind:
		n.mergeList(from, force, wins, at)
	case n.kind == tableKind:
		for _, e := range from.members.list {
			if old := n.child(e.name); old != nil {
				old.lay(e.value, force, at.child(e.name))
			} else {
				n.addChild(e.name, e.value)
			}
		}
	case wins:
		*n = *from
	}
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
	c.members = members{}
	for _, e := range n.members.list {
		c.addChild(e.name, e.value.clone())
	}
	return &c
}
