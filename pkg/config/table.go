package config

import (
	"hash/maphash"
	"slices"
)

// member is a value in a table, with its name.
type member struct {
	name  string
	value *node
}

// members are the values in a table, or the elements of a list, which have no
// names. Most tables have few, which are searched one by one; there is an index
// of more. Maps would take half of the time and memory that a tree takes.
type members struct {
	list  []member
	index *index
}

// searched is the largest number of members that are searched one by one.
const searched = 8

// find returns the place of a name in the list; -1 if it is not there.
func (m *members) find(name string) int {
	if m.index != nil {
		return int(*m.index.slot(m.list, name)) - 1
	}
	for i := range m.list {
		if m.list[i].name == name {
			return i
		}
	}
	return -1
}

// index says where a name is in a list of members.
type index struct {
	seed maphash.Seed
	// slots are places in the list, plus one; the slot of a name is the first from
	// its hash on that has it or is free. Half of them at least are free.
	slots []int32
}

func newIndex(list []member) *index {
	size := 1
	for size < 4*len(list) {
		size *= 2
	}
	ix := &index{maphash.MakeSeed(), make([]int32, size)}
	for i, e := range list {
		*ix.slot(list, e.name) = int32(i + 1)
	}
	return ix
}

func (ix *index) slot(list []member, name string) *int32 {
	last := uint64(len(ix.slots) - 1)
	for at := maphash.String(ix.seed, name) & last; ; at = (at + 1) & last {
		if place := &ix.slots[at]; *place == 0 || list[*place-1].name == name {
			return place
		}
	}
}

// child returns the value of that name in a table; nil if there is none.
func (n *node) child(name string) *node {
	if n.kind != tableKind {
		return nil
	}
	if i := n.members.find(name); i >= 0 {
		return n.members.list[i].value
	}
	return nil
}

// childAt is child where the name is likely to have the place that it has in
// another table. Of a list it returns the element at that place.
func (n *node) childAt(place int, name string) *node {
	if list := n.members.list; place < len(list) && list[place].name == name {
		return list[place].value
	}
	return n.child(name)
}

// setChild puts a value into a table, in place of the one of that name.
func (n *node) setChild(name string, value *node) { n.members.at(name).value = value }

// at returns the member of that name. If there is none it is added, and has no
// value yet. What is added next may move it.
func (m *members) at(name string) *member {
	var free *int32
	if m.index == nil {
		if i := m.find(name); i >= 0 {
			return &m.list[i]
		}
	} else if free = m.index.slot(m.list, name); *free != 0 {
		return &m.list[*free-1]
	}
	if len(m.list) == cap(m.list) {
		// More room than append would make: what is given up is never used again.
		m.list = slices.Grow(m.list, max(1, len(m.list)))
	}
	m.list = append(m.list, member{name: name})
	switch {
	case free != nil && 2*len(m.list) <= len(m.index.slots):
		*free = int32(len(m.list))
	case len(m.list) > searched:
		m.index = newIndex(m.list)
	}
	return &m.list[len(m.list)-1]
}

// removeChild takes a value out of a table, if it is there.
func (n *node) removeChild(name string) {
	if n.kind != tableKind {
		return
	}
	m := &n.members
	if i := m.find(name); i >= 0 {
		m.list = slices.Delete(m.list, i, i+1)
	}
	m.index = nil
	if len(m.list) > searched {
		m.index = newIndex(m.list)
	}
}

// firstFailure is what is wrong with the first of a table's names, as Cargo, whose
// tables are sorted, would report it.
type firstFailure struct {
	name string
	err  error
}

func (f *firstFailure) note(name string, err error) {
	if f.err == nil || name < f.name {
		*f = firstFailure{name, err}
	}
}

// names returns the names in a table, sorted.
func (n *node) names() []string {
	if n.kind != tableKind {
		return nil
	}
	names := make([]string, len(n.members.list))
	for i, e := range n.members.list {
		names[i] = e.name
	}
	slices.Sort(names)
	return names
}
