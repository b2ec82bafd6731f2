package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML returns the tree of a document, all of it defined at d. Errors are
// of the types *notUTF8Error and *SyntaxError, or about a value of a type that
// configuration does not have.
//
// It builds the tree from the library's parser, not from its decoder, whose
// time grows with the square of the number of tables.
func parseTOML(document []byte, d Definition) (*node, error) {
	if !utf8.Valid(document) {
		return nil, &notUTF8Error{}
	}
	document = slices.Clip(bytes.TrimPrefix(document, []byte("\ufeff")))
	b := &builder{definition: d}
	b.parser.Reset(document)
	root := b.newTable(header)
	current, at := root, ""
	for b.parser.NextExpression() {
		var err error
		switch e := b.parser.Expression(); e.Kind {
		case unstable.Table:
			current, at, err = b.openTable(root, e)
		case unstable.ArrayTable:
			current, at, err = b.appendTable(root, e)
		case unstable.KeyValue:
			err = b.set(current, at, e)
		}
		if err != nil {
			return nil, b.syntaxError(document, err)
		}
	}
	if err := b.parser.Error(); err != nil {
		return nil, b.syntaxError(document, err)
	}
	if b.unsupported == nil {
		return root, nil
	}
	// The parser has not looked into dates and floats.
	if err := toml.Unmarshal(document, &map[string]any{}); err != nil {
		return nil, b.syntaxError(document, err)
	}
	return nil, b.unsupported
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
type origin int

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
	definition Definition
	// unsupported is about the first value of a type that configuration does
	// not have.
	unsupported error
}

func (b *builder) newTable(o origin) *node {
	n := newTable(b.definition)
	n.origin = o
	return n
}

// below is the place of a key in the table at the given place, as messages
// show it.
func below(at, key string) string {
	if at == "" {
		return quoteKey(key)
	}
	return at + "." + quoteKey(key)
}

// element is the place of an element of the list at the given place.
func element(at string, i int) string {
	return at + "[" + strconv.Itoa(i) + "]"
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
func (b *builder) openTable(root *node, e *unstable.Node) (*node, string, error) {
	parent, at, last, err := b.parent(root, e)
	if err != nil {
		return nil, "", err
	}
	name := string(last.Data)
	at = below(at, name)
	n, ok := parent.table[name]
	switch {
	case !ok:
		n = b.newTable(header)
		parent.table[name] = n
	case n.kind == tableKind && n.origin == implicit:
		n.origin = header
	default:
		return nil, "", duplicate(last)
	}
	return n, at, nil
}

// appendTable returns the table that the header e, with double brackets, adds
// to a list.
func (b *builder) appendTable(root *node, e *unstable.Node) (*node, string, error) {
	parent, at, last, err := b.parent(root, e)
	if err != nil {
		return nil, "", err
	}
	name := string(last.Data)
	list, ok := parent.table[name]
	if !ok {
		list = &node{kind: listKind, definition: b.definition}
		list.origin = header
		parent.table[name] = list
	}
	if list.kind != listKind || list.origin != header {
		return nil, "", duplicate(last)
	}
	n := b.newTable(header)
	list.list = append(list.list, n)
	return n, element(below(at, name), len(list.list)-1), nil
}

// parent walks to the table above the last part of a header.
func (b *builder) parent(n *node, e *unstable.Node) (parent *node, at string, last *unstable.Node, err error) {
	parts := e.Key()
	parts.Next()
	for ; !parts.IsLast(); parts.Next() {
		part := parts.Node()
		name := string(part.Data)
		child, ok := n.table[name]
		if !ok {
			child = b.newTable(implicit)
			n.table[name] = child
		}
		if child.kind == listKind && child.origin == header {
			child = child.list[len(child.list)-1]
		}
		if child.kind != tableKind || child.origin == inline {
			return nil, "", nil, extend(part, child)
		}
		n, at = child, below(at, name)
	}
	return n, at, parts.Node(), nil
}

// set puts a value with a possibly dotted key below n.
func (b *builder) set(n *node, at string, e *unstable.Node) error {
	withinInline := n.origin == inline
	parts := e.Key()
	parts.Next()
	for ; !parts.IsLast(); parts.Next() {
		part := parts.Node()
		name := string(part.Data)
		child, ok := n.table[name]
		switch {
		case !ok:
			child = b.newTable(dotted)
			n.table[name] = child
		case child.kind == tableKind && child.origin == implicit,
			child.kind == listKind && child.origin == header:
			parts.Next()
			return duplicate(parts.Node())
		case child.kind != tableKind, child.origin == inline && !withinInline:
			return extend(part, child)
		case child.origin != dotted:
			return duplicate(part)
		}
		n, at = child, below(at, name)
	}
	last := parts.Node()
	name := string(last.Data)
	if _, ok := n.table[name]; ok {
		return duplicate(last)
	}
	value, err := b.value(e.Value(), below(at, name))
	n.table[name] = value
	return err
}

func (b *builder) value(e *unstable.Node, at string) (*node, error) {
	n := &node{definition: b.definition}
	switch e.Kind {
	case unstable.String:
		n.kind, n.text = stringKind, string(e.Data)
	case unstable.Bool:
		n.kind, n.boolean = booleanKind, e.Data[0] == 't'
	case unstable.Integer:
		n.kind = integerKind
		var err error
		if n.integer, err = integer(e.Data); err != nil {
			return nil, err
		}
	case unstable.Array:
		n.kind = listKind
		for elements := e.Children(); elements.Next(); {
			if elements.Node().Kind == unstable.Comment {
				continue
			}
			child, err := b.value(elements.Node(), element(at, len(n.list)))
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, child)
		}
	case unstable.InlineTable:
		n = newTable(b.definition)
		for pairs := e.Children(); pairs.Next(); {
			if pairs.Node().Kind != unstable.KeyValue {
				continue
			}
			if err := b.set(n, at, pairs.Node()); err != nil {
				return nil, err
			}
		}
		b.close(n)
	case unstable.Float:
		b.refuse("float", at)
	default:
		b.refuse("datetime", at)
	}
	return n, nil
}

// close makes the tables within an inline table, which dotted keys made, as
// complete as itself.
func (b *builder) close(n *node) {
	n.origin = inline
	for _, child := range n.table {
		if child.origin == dotted {
			b.close(child)
		}
	}
}

func integer(text []byte) (int64, error) {
	if i, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return i, nil
	}
	var document struct{ I int64 }
	if err := toml.Unmarshal(append([]byte("I="), text...), &document); err != nil {
		return 0, unstable.NewParserError(text, "%s", reason(err))
	}
	return document.I, nil
}

func (b *builder) refuse(typeName string, at string) {
	if b.unsupported == nil {
		b.unsupported = fmt.Errorf("failed to parse config at `%s`: %w", at,
			errors.New("unsupported TOML configuration type `"+typeName+"`"))
	}
}
