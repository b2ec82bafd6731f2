package config

// newList returns a list of the given elements.
func newList(elements []*node, d *Definition) *node {
	n := &node{kind: listKind, definition: d}
	n.setElements(elements)
	return n
}

// elements returns the elements of a list; nothing changes with them.
func (n *node) elements() []*node {
	if n.kind != listKind {
		return nil
	}
	elements := make([]*node, len(n.members.list))
	for i, e := range n.members.list {
		elements[i] = e.value
	}
	return elements
}

// setElements makes these the elements of a list.
func (n *node) setElements(elements []*node) {
	n.members.list = make([]member, len(elements))
	for i, element := range elements {
		n.members.list[i].value = element
	}
}

func (n *node) addElement(element *node) {
	n.members.list = append(n.members.list, member{value: element})
}

// lastElement returns the last element of a list that is not empty.
func (n *node) lastElement() *node { return n.members.list[len(n.members.list)-1].value }
