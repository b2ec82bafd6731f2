package tomledit

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// This chapter finds where headers, keys and values stand in a document.

// span is a range of bytes.
type span struct{ start, end int }

// entry is a header, or a key with its value.
type entry struct {
	// header is set for the header of a table, or of one in an array.
	header bool
	// path is the full path of the table or value.
	path []string
	// inherited is how many parts of path come from the header or the inline table
	// around it. The others are its own keys.
	inherited int
	keys      []span

	// span is the whole entry, without white space and comment.
	span
	// value is empty for headers.
	value span
	// text is the value if it is a string.
	text     string
	isString bool

	// line is all lines of the entry, with the last line end. Entries in inline
	// tables have none.
	line span
	// comment is the comment after it on its line; empty if it has none.
	comment span

	// section is the header above a key; nil at the top of the document.
	section *entry
	// table is the inline table around a key, or nil.
	table *entry
	// inline says that the value is an inline table, list that it is an array of
	// strings. children are its keys or elements; elements have no path.
	inline, list bool
	children     []*entry
}

// own returns the range of the keys for the first n parts of the path, or the first
// own key if all of them are inherited.
func (e *entry) own(n int) span {
	last := max(n-e.inherited, 1)
	return span{e.keys[0].start, e.keys[last-1].end}
}

// scanner collects the entries of a document.
type scanner struct {
	parser  unstable.Parser
	data    []byte
	offset  int
	entries []*entry
}

// scan returns the entries of a document in order. Those of an inline table come after
// its key.
func scan(data []byte) ([]*entry, error) {
	s := scanner{data: data}
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		s.offset = len(byteOrderMark)
	}
	// The parser computes offsets from capacities.
	s.parser.Reset(slices.Clip(data)[s.offset:])
	var section *entry
	for s.parser.NextExpression() {
		node := s.parser.Expression()
		if node.Kind == unstable.KeyValue {
			s.finishLine(s.keyValue(node, section, nil))
		} else {
			section = s.header(node)
			s.finishLine(section)
		}
	}
	return s.entries, s.parser.Error()
}

func (s *scanner) span(r unstable.Range) span {
	start := s.offset + int(r.Offset)
	return span{start, start + int(r.Length)}
}

// keys adds a node's own keys to e.
func (s *scanner) keys(e *entry, keys unstable.Iterator) {
	for keys.Next() {
		key := keys.Node()
		e.path = append(e.path, string(key.Data))
		e.keys = append(e.keys, s.span(key.Raw))
	}
}

func (s *scanner) header(node *unstable.Node) *entry {
	e := &entry{header: true}
	s.keys(e, node.Key())
	brackets := 1
	if node.Kind == unstable.ArrayTable {
		brackets = 2
	}
	e.start = backOverSpace(s.data, e.keys[0].start) - brackets
	e.end = overSpace(s.data, e.keys[len(e.keys)-1].end) + brackets
	s.entries = append(s.entries, e)
	return e
}

func (s *scanner) keyValue(node *unstable.Node, section, table *entry) *entry {
	e := &entry{section: section, table: table, span: s.span(node.Raw)}
	switch {
	case table != nil:
		e.path = slices.Clip(table.path)
	case section != nil:
		e.path = slices.Clip(section.path)
	}
	e.inherited = len(e.path)
	s.keys(e, node.Key())
	equals := overSpace(s.data, e.keys[len(e.keys)-1].end)
	e.value = span{overSpace(s.data, equals+1), e.end}
	s.entries = append(s.entries, e)

	switch value := node.Value(); value.Kind {
	case unstable.String:
		e.text, e.isString = string(value.Data), true
	case unstable.Array:
		s.strings(e, value)
	case unstable.InlineTable:
		e.inline = true
		for children := value.Children(); children.Next(); {
			e.children = append(e.children, s.keyValue(children.Node(), section, e))
		}
	}
	return e
}

// strings adds the elements of an array, if all are strings.
func (s *scanner) strings(e *entry, array *unstable.Node) {
	var elements []*entry
	for children := array.Children(); children.Next(); {
		child := children.Node()
		if child.Kind != unstable.String {
			return
		}
		elements = append(elements, &entry{span: s.span(child.Raw), text: string(child.Data), isString: true})
	}
	e.list, e.children = true, elements
}

// finishLine finds the line of e, and its comment.
func (s *scanner) finishLine(e *entry) {
	end := overSpace(s.data, e.end)
	if after := overComment(s.data, end); after > end {
		e.comment = span{end, after}
		end = after
	}
	e.line = span{backOverSpace(s.data, e.start), overLineEnd(s.data, end)}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func overSpace(data []byte, at int) int {
	for at < len(data) && isSpace(data[at]) {
		at++
	}
	return at
}

func backOverSpace(data []byte, at int) int {
	for at > 0 && isSpace(data[at-1]) {
		at--
	}
	return at
}

// overComment returns the offset after the comment at the given offset, if one is
// there.
func overComment(data []byte, at int) int {
	if at == len(data) || data[at] != '#' {
		return at
	}
	line, _, _ := bytes.Cut(data[at:], []byte("\n"))
	return at + len(bytes.TrimSuffix(line, []byte("\r")))
}

// overLineEnd returns the offset after the line end at the given offset, if one is
// there.
func overLineEnd(data []byte, at int) int {
	if at < len(data) && data[at] == '\r' {
		at++
	}
	if at < len(data) && data[at] == '\n' {
		at++
	}
	return at
}

func hasPrefix(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}
