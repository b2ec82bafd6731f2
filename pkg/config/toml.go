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

// This chapter parses TOML into a tree.

// syntaxError says where a TOML document is malformed. It never shows the line,
// because a token has often just been pasted into a line that is broken.
type syntaxError struct {
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	Reason       string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s", e.Line, e.Column, e.Reason)
}

// newSyntaxError adds the place in the document to an error of the TOML library.
func newSyntaxError(document []byte, err error) *syntaxError {
	e := &syntaxError{Line: 1, Column: 1, Reason: err.Error()}
	var parser *unstable.ParserError
	if errors.As(err, &parser) {
		// The highlight is a slice of the document. Its capacity is the length
		// from there to the end.
		before := document[:max(0, min(len(document), cap(document)-cap(parser.Highlight)))]
		e.Line += bytes.Count(before, []byte("\n"))
		e.Column += utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	}
	return e
}

var errNotUTF8 = errors.New("stream did not contain valid UTF-8")

// parseTOML returns the tree of a document whose values are defined at d. The error
// is errNotUTF8, a [*syntaxError], or one about a value of a type that configuration
// does not have.
//
// The tree is built with the library's parser. The time of its decoder grows with the
// square of the number of tables, and it would add a twentieth to the smallest
// program.
func parseTOML(document []byte, d *Definition) (*node, error) {
	if !utf8.Valid(document) {
		return nil, errNotUTF8
	}
	document = slices.Clip(bytes.TrimPrefix(document, []byte("\ufeff")))
	b := &builder{definition: d}
	b.parser.Reset(document)
	root := b.newTable(header)
	section := root
	for b.parser.NextExpression() {
		var err error
		switch e := b.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			section, err = b.table(root, e)
		case unstable.KeyValue:
			err = b.set(section, e)
		}
		if err != nil {
			return nil, newSyntaxError(document, err)
		}
	}
	if err := b.parser.Error(); err != nil {
		return nil, newSyntaxError(document, err)
	}
	if n := b.unsupported; n != nil {
		at, _ := root.placeOf(n)
		return nil, fmt.Errorf("failed to parse config at `%s`: %w", strings.TrimPrefix(at, "."),
			errors.New("unsupported TOML configuration type `"+n.kind.String()+"`"))
	}
	return root, nil
}

// origin says how a table or a list was made. That decides what may be added to it.
type origin uint8

const (
	// inline tables and arrays are complete, and so are all other values.
	inline origin = iota
	// implicit tables were mentioned as a parent in another table's header.
	implicit
	// dotted tables were made by a dotted key.
	dotted
	// header tables have, and lists are made of, [headers].
	header
)

// builder makes a tree from a document's expressions. It refuses keys that are
// defined twice, which the parser accepts.
type builder struct {
	parser     unstable.Parser
	definition *Definition
	// depth counts the lists and inline tables around a value.
	depth int
	// unsupported is the first value of a type that configuration does not have.
	unsupported *node
}

func (b *builder) newTable(o origin) *node {
	n := newTable(b.definition)
	n.origin = o
	return n
}

// defined is the error for a key that cannot be defined again, or get more keys below
// it.
func (b *builder) defined(key *unstable.Node) error {
	return unstable.NewParserError(b.parser.Raw(key.Raw), "this key is already defined")
}

// deepest is how deep lists and inline tables may be nested, and how many parts a key
// may have. It is Cargo's limit.
const deepest = 80

func (b *builder) tooDeep(at []byte) error {
	return unstable.NewParserError(at, "this is nested more than %d levels deep", deepest)
}

// table returns the table that the header e opens or adds to a list of tables.
func (b *builder) table(root *node, e *unstable.Node) (*node, error) {
	parent, last, err := b.parent(root, e, implicit)
	if err != nil {
		return nil, err
	}
	name := string(last.Data)
	table, old := b.newTable(header), parent.child(name)
	switch isList := e.Kind == unstable.ArrayTable; {
	case old == nil && isList:
		parent.add(name, &node{kind: listKind, definition: b.definition, origin: header, list: []*node{table}})
	case old == nil:
		parent.add(name, table)
	case isList && old.kind == listKind && old.origin == header:
		old.list = append(old.list, table)
	case !isList && old.origin == implicit:
		old.origin = header
		return old, nil
	default:
		return nil, b.defined(last)
	}
	return table, nil
}

// parent walks to the table above the last part of a key. Missing tables on the way
// are made, with the given origin.
func (b *builder) parent(n *node, e *unstable.Node, made origin) (parent *node, last *unstable.Node, err error) {
	parts := e.Key()
	parts.Next()
	for level := 1; !parts.IsLast(); parts.Next() {
		if level++; level > deepest {
			return nil, nil, b.tooDeep(b.parser.Raw(parts.Node().Raw))
		}
		name := string(parts.Node().Data)
		child := n.child(name)
		switch {
		case child == nil:
			child = b.newTable(made)
			n.add(name, child)
		case child.origin == inline, made == dotted && child.origin != dotted:
			return nil, nil, b.defined(parts.Node())
		case child.kind == listKind:
			child = child.list[len(child.list)-1]
		}
		n = child
	}
	return n, parts.Node(), nil
}

// set puts a value with a possibly dotted key below n.
func (b *builder) set(n *node, e *unstable.Node) error {
	n, last, err := b.parent(n, e, dotted)
	if err != nil {
		return err
	}
	name := string(last.Data)
	if n.child(name) != nil {
		return b.defined(last)
	}
	value, err := b.value(e.Value())
	n.add(name, value)
	return err
}

func (b *builder) value(e *unstable.Node) (*node, error) {
	n := &node{definition: b.definition}
	if e.Kind == unstable.Array || e.Kind == unstable.InlineTable {
		if b.depth++; b.depth > deepest {
			return nil, b.tooDeep(b.parser.Raw(e.Raw))
		}
		defer func() { b.depth-- }()
	}
	switch e.Kind {
	case unstable.String:
		n.text = string(e.Data)
	case unstable.Bool:
		n.kind, n.text = booleanKind, string(e.Data)
	case unstable.Integer:
		// The parser has accepted it, and Go writes integers as TOML does.
		i, err := strconv.ParseInt(string(e.Data), 0, 64)
		if err != nil {
			return nil, unstable.NewParserError(e.Data, "integers must fit into 64 bits")
		}
		n.kind, n.text = integerKind, strconv.FormatInt(i, 10)
	case unstable.Array:
		n.kind = listKind
		for elements := e.Children(); elements.Next(); {
			element, err := b.value(elements.Node())
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, element)
		}
	case unstable.InlineTable:
		n = b.newTable(inline)
		for pairs := e.Children(); pairs.Next(); {
			if err := b.set(n, pairs.Node()); err != nil {
				return nil, err
			}
		}
	case unstable.Float:
		n.kind = floatKind
	default:
		n.kind = datetimeKind
	}
	if b.unsupported == nil && (n.kind == floatKind || n.kind == datetimeKind) {
		b.unsupported = n
	}
	return n, nil
}

// placeOf returns where the value stands below n, as Cargo writes it, and whether it
// stands there.
func (n *node) placeOf(value *node) (string, bool) {
	if n == value {
		return "", true
	}
	for i, element := range n.list {
		if at, ok := element.placeOf(value); ok {
			return fmt.Sprintf("[%d]", i) + at, true
		}
	}
	for _, m := range n.members {
		if at, ok := m.value.placeOf(value); ok {
			return "." + shownKey(m.name) + at, true
		}
	}
	return "", false
}
