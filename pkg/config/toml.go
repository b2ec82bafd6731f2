package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML returns the tree of a document, all of it defined at d. Errors are
// of the types *notUTF8Error and *SyntaxError, or about a value of a type that
// configuration does not have.
//
// It builds the tree from the library's parser, not from its decoder, whose
// time grows with the square of the number of tables.
func parseTOML(document []byte, d *Definition) (*node, error) {
	if !utf8.Valid(document) {
		return nil, &notUTF8Error{}
	}
	document = slices.Clip(bytes.TrimPrefix(document, []byte("\ufeff")))
	b := &builder{definition: d, text: string(document)}
	b.parser.Reset(document)
	root := b.newTable(header)
	current := root
	for b.parser.NextExpression() {
		var err error
		switch e := b.parser.Expression(); e.Kind {
		case unstable.Table:
			current, err = b.openTable(root, e)
		case unstable.ArrayTable:
			current, err = b.appendTable(root, e)
		case unstable.KeyValue:
			err = b.set(current, e)
		}
		if err != nil && b.broken != nil {
			err = b.broken
		}
		if err != nil {
			return nil, b.syntaxError(document, err)
		}
	}
	if err := b.parser.Error(); err != nil {
		return nil, b.syntaxError(document, err)
	}
	if b.broken != nil {
		return nil, b.syntaxError(document, b.broken)
	}
	if b.tooLarge != nil {
		return nil, b.syntaxError(document, b.tooLarge)
	}
	if b.unsupported != nil {
		return nil, b.unsupported
	}
	return root, nil
}

// syntaxError is the error for a malformed document, without secrets.
func (b *builder) syntaxError(document []byte, err error) *SyntaxError {
	e := newSyntaxError(document, err)
	e.line = hideSecrets(e.line, b.definition.isCredentialsFile())
	return e
}

// notUTF8Error is the error for a file that is no text.
type notUTF8Error struct{}

func (*notUTF8Error) Error() string { return "stream did not contain valid UTF-8" }

// origin says how a table or a list came about, which decides what may still
// be added to it.
type origin uint8

const (
	// inline tables and arrays are complete.
	inline origin = iota
	// implicit tables were mentioned as a parent in another table's header.
	implicit
	// dotted tables were made by a dotted key.
	dotted
	// header tables have, and lists are made of, [headers].
	header
)

// builder makes a tree from a document's expressions. Its errors point at the
// key that is wrong.
type builder struct {
	parser     unstable.Parser
	definition *Definition
	// text is the document. The tree's strings are parts of it.
	text string
	// free are nodes to be used, and first the room for a table's first value: one
	// by one they would be slow to allocate. block is how many come next, few for
	// a small document.
	free  []node
	first []member
	block int
	// section is where the table is that the last header opened, and at where in
	// it the value is that is being read.
	section, at []step
	// broken is the first bare value that is none, and tooLarge the first number
	// that is. Cargo looks at the one when it has read the document, and then at
	// the other.
	broken, tooLarge *bareError
	// unsupported is about the first value of a type that configuration does
	// not have.
	unsupported error
}

// step leads from a table to a value in it, or from a list to an element.
type step struct {
	key     string
	element int
	ofList  bool
}

func (b *builder) newNode(k kind) *node {
	if len(b.free) == 0 {
		b.block = min(max(8, 2*b.block), 1024)
		b.free = make([]node, b.block)
	}
	n := &b.free[0]
	b.free = b.free[1:]
	n.kind, n.definition = k, b.definition
	return n
}

func (b *builder) newTable(o origin) *node {
	n := b.newNode(tableKind)
	n.origin = o
	if len(b.first) == 0 {
		b.first = make([]member, b.block)
	}
	n.members.list, b.first = b.first[:0:1], b.first[1:]
	return n
}

// string returns the text of a key or a string. One with escapes, or of several
// lines, is not as it stands in the document, but shorter.
func (b *builder) string(n *unstable.Node) string {
	raw := b.text[n.Raw.Offset : n.Raw.Offset+n.Raw.Length]
	switch len(raw) - len(n.Data) {
	case 0:
		return raw
	case len(`""`):
		return raw[1 : len(raw)-1]
	}
	return string(n.Data)
}

func duplicate(key *unstable.Node) error {
	return unstable.NewParserError(key.Data, "duplicate key")
}

func extend(key *unstable.Node, n *node) error {
	what := n.kind.String()
	if n.kind == tableKind {
		what = "inline table"
	}
	return unstable.NewParserError(key.Data, "cannot extend value of type %s with a dotted key", what)
}

// openTable returns the table that the header e opens.
func (b *builder) openTable(root *node, e *unstable.Node) (*node, error) {
	parent, last, err := b.parent(root, e)
	if err != nil {
		return nil, err
	}
	name := b.string(last)
	b.section = append(b.section, step{key: name})
	b.makeRoom(parent, int(last.Raw.Offset))
	m := parent.members.at(name)
	switch n := m.value; {
	case n == nil:
		m.value = b.newTable(header)
	case n.kind == tableKind && n.origin == implicit:
		n.origin = header
	default:
		return nil, duplicate(last)
	}
	return m.value, nil
}

// makeRoom makes room in a table of many tables, if it is full, for as many more
// as the rest of the document has at the rate of that before the offset.
func (b *builder) makeRoom(n *node, offset int) {
	if list := n.members.list; len(list) == cap(list) && len(list) >= 64 {
		n.members.list = slices.Grow(list, len(list)+len(list)*(len(b.text)-offset)/offset)
	}
}

// appendTable returns the table that the header e, with double brackets, adds
// to a list.
func (b *builder) appendTable(root *node, e *unstable.Node) (*node, error) {
	parent, last, err := b.parent(root, e)
	if err != nil {
		return nil, err
	}
	name := b.string(last)
	m := parent.members.at(name)
	if m.value == nil {
		m.value = b.newNode(listKind)
		m.value.origin = header
	}
	list := m.value
	if list.kind != listKind || list.origin != header {
		return nil, duplicate(last)
	}
	b.section = append(b.section, step{key: name}, step{element: len(list.members.list), ofList: true})
	n := b.newTable(header)
	list.addElement(n)
	return n, nil
}

// parent walks to the table above the last part of a header.
func (b *builder) parent(n *node, e *unstable.Node) (parent *node, last *unstable.Node, err error) {
	b.section = b.section[:0]
	parts := e.Key()
	parts.Next()
	for ; !parts.IsLast(); parts.Next() {
		part := parts.Node()
		name := b.string(part)
		b.section = append(b.section, step{key: name})
		child := n.child(name)
		if child == nil {
			child = b.newTable(implicit)
			n.setChild(name, child)
		}
		if child.kind == listKind && child.origin == header {
			child = child.lastElement()
		}
		if child.kind != tableKind || child.origin == inline {
			return nil, nil, extend(part, child)
		}
		n = child
	}
	return n, parts.Node(), nil
}

// set puts a value with a possibly dotted key below n, which is the table that
// the last header opened.
func (b *builder) set(n *node, e *unstable.Node) error {
	b.at = b.at[:0]
	return b.setBelow(n, e)
}

// setBelow is set for the table at b.at.
func (b *builder) setBelow(n *node, e *unstable.Node) (err error) {
	withinInline := n.origin == inline
	parts := e.Key()
	parts.Next()
	for ; !parts.IsLast(); parts.Next() {
		part := parts.Node()
		name := b.string(part)
		child := n.child(name)
		switch {
		case child == nil:
			child = b.newTable(dotted)
			n.setChild(name, child)
		case child.kind == tableKind && child.origin == implicit,
			child.kind == listKind && child.origin == header:
			parts.Next()
			return duplicate(parts.Node())
		case child.kind != tableKind, child.origin == inline && !withinInline:
			return extend(part, child)
		case child.origin != dotted:
			return duplicate(part)
		}
		n = child
		b.at = append(b.at, step{key: name})
	}
	last := parts.Node()
	name := b.string(last)
	m := n.members.at(name)
	if m.value != nil {
		return duplicate(last)
	}
	b.at = append(b.at, step{key: name})
	m.value, err = b.value(e.Value())
	return err
}

// value returns the value at b.at.
func (b *builder) value(e *unstable.Node) (*node, error) {
	at := len(b.at)
	switch e.Kind {
	case unstable.String:
		n := b.newNode(stringKind)
		n.text = b.string(e)
		return n, nil
	case unstable.Array:
		n := b.newNode(listKind)
		for elements := e.Children(); elements.Next(); {
			if elements.Node().Kind == unstable.Comment {
				continue
			}
			b.at = append(b.at[:at], step{element: len(n.members.list), ofList: true})
			child, err := b.value(elements.Node())
			if err != nil {
				return nil, err
			}
			n.addElement(child)
		}
		return n, nil
	case unstable.InlineTable:
		n := b.newTable(inline)
		for pairs := e.Children(); pairs.Next(); {
			if pairs.Node().Kind != unstable.KeyValue {
				continue
			}
			b.at = b.at[:at]
			if err := b.setBelow(n, pairs.Node()); err != nil {
				return nil, err
			}
		}
		b.close(n)
		return n, nil
	}
	return b.bare(int(b.parser.Range(e.Data).Offset)), nil
}

// bare returns the bare value at an offset of the document.
func (b *builder) bare(start int) *node {
	n := b.newNode(stringKind)
	v, p := parseBare(bareAt(b.text, start))
	if p != nil {
		if b.broken == nil {
			b.broken = &bareError{start, p}
		}
		return n
	}
	if p := v.tooLarge(); p != nil && b.tooLarge == nil {
		b.tooLarge = &bareError{start, p}
	}
	switch v.kind {
	case bareBoolean:
		n.kind, n.text = booleanKind, v.raw
	case bareInteger:
		n.kind, n.text = integerKind, strconv.FormatInt(v.integer(), 10)
	default:
		b.refuse(string(v.kind))
	}
	return n
}

// close makes the tables within an inline table, which dotted keys made, as
// complete as itself.
func (b *builder) close(n *node) {
	n.origin = inline
	for _, e := range n.members.list {
		if e.value.origin == dotted {
			b.close(e.value)
		}
	}
}

// refuse notes that the value at b.at has a type that configuration does not
// have.
func (b *builder) refuse(typeName string) {
	if b.unsupported != nil {
		return
	}
	var at strings.Builder
	for i, s := range slices.Concat(b.section, b.at) {
		switch {
		case s.ofList:
			fmt.Fprintf(&at, "[%d]", s.element)
		case i > 0:
			at.WriteString("." + quoteKey(s.key))
		default:
			at.WriteString(quoteKey(s.key))
		}
	}
	b.unsupported = fmt.Errorf("failed to parse config at `%s`: %w", &at,
		errors.New("unsupported TOML configuration type `"+typeName+"`"))
}
