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
	definition *Definition
	// text is a string, an integer in decimal, or true or false.
	text    string
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
	for i, e := range from.members.list {
		old := n.childAt(i, e.name)
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
			m := n.members.at(e.name)
			if m.value == nil {
				m.value = e.value
			} else {
				m.value.lay(e.value, force, at.child(e.name))
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
			n.members = from.members
		}
	case force:
		n.members.list = slices.Concat(n.members.list, from.members.list)
	default:
		n.members.list = slices.Concat(from.members.list, n.members.list)
	}
	slices.SortStableFunc(n.members.list, func(a, b member) int {
		return int(a.value.definition.Kind) - int(b.value.definition.Kind)
	})
}

// clone returns a copy that a merge into it leaves n alone.
func (n *node) clone() *node {
	c := *n
	c.members = members{list: make([]member, len(n.members.list))}
	for i, e := range n.members.list {
		c.members.list[i] = member{e.name, e.value.clone()}
	}
	if n.members.index != nil {
		c.members.index = newIndex(c.members.list)
	}
	return &c
}
