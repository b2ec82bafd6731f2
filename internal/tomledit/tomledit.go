// Package tomledit changes single values of a TOML document and leaves every
// other byte as it is: comments, order, quoting, line ends, a byte order mark,
// a missing final line end.
//
//	doc := tomledit.New(content)
//	err := doc.Set("secret", "registry", "token")
//	content = doc.Bytes()
//
// It is not a general editor: it sets strings and lists of strings in tables, and
// removes keys. It finds them with the TOML library's parser, which gives byte ranges.
// That parser accepts a key that is defined twice, and nothing here checks the result.
// So the caller must know that the document is valid, and should compare what the
// edited document means with what it wanted.
package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRefused says that a change would have damaged the document. The document must
// not be used any more.
var ErrRefused = errors.New("the change would damage the TOML document")

const byteOrderMark = "\ufeff"

// Document is a TOML document that can be changed. A change of a copy does not change
// the other.
type Document struct {
	// data and scanned are never changed in place, only replaced. The last line of
	// data always has a line end; added says that New has added it.
	data  []byte
	added bool
	// scanned are the entries; nil until they are needed.
	scanned []*entry
	// err says why data cannot be parsed.
	err error
}

// New returns the document with the given content, which the caller must not change
// while the document is in use.
func New(content []byte) *Document {
	d := &Document{data: content}
	if text := strings.TrimPrefix(string(content), byteOrderMark); text != "" && !strings.HasSuffix(text, "\n") {
		d.added = true
		d.data = append(slices.Clip(content), d.lineEnd()...)
	}
	return d
}

// Bytes returns the document's content. The caller must not change it while the
// document or a copy is in use.
func (d *Document) Bytes() []byte {
	if !d.added {
		return d.data
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(d.data, []byte("\n")), []byte("\r"))
}

// edit replaces the bytes from start to end by text.
type edit struct {
	start, end int
	text       string
}

func insert(at int, text string) edit { return edit{at, at, text} }

func cut(start, end int) edit { return edit{start, end, ""} }

// apply makes the edits, which must not overlap.
func (d *Document) apply(edits []edit) error {
	if len(edits) == 0 || d.err != nil {
		return d.err
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var parts [][]byte
	at := 0
	for _, e := range edits {
		if e.start < at || e.end < e.start {
			return fmt.Errorf("%w: its edits overlap", ErrRefused)
		}
		parts = append(parts, d.data[at:e.start], []byte(e.text))
		at = e.end
	}
	data := bytes.Join(append(parts, d.data[at:]), nil)
	*d = Document{data: data, added: d.added}
	return nil
}

// entries returns the entries in the order of the document.
func (d *Document) entries() []*entry {
	if d.err == nil && d.scanned == nil {
		var err error
		if d.scanned, err = scan(d.data); err != nil {
			d.err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return d.scanned
}

// parent returns the path of the table that holds a key.
func parent(path []string) []string { return path[:len(path)-1] }

// find returns the entry of the key at exactly that path, or nil.
func (d *Document) find(path []string) *entry {
	for _, e := range d.entries() {
		if !e.header && slices.Equal(e.path, path) {
			return e
		}
	}
	return nil
}

// Set sets the value at path to a string. An existing value is replaced where it
// stands, between the same quotes if they can hold the new one. A new key goes after
// the last key of its table, in the form of that table. A new table becomes a section
// at the end, unless a table around it is inline or has dotted keys.
//
// The path has at least two parts, and everything on the way to the value must be a
// table.
func (d *Document) Set(text string, path ...string) error {
	raw := Quote(text)
	if e := d.find(path); e != nil {
		if e.isString && e.text == text {
			return nil
		}
		raw = requote(string(d.data[e.value.start:e.value.end]), text)
	}
	return d.setRaw(raw, path)
}

// setRaw adds or replaces the value at path by TOML text.
func (d *Document) setRaw(raw string, path []string) error {
	if e := d.find(path); e != nil {
		return d.apply([]edit{{e.value.start, e.value.end, raw}})
	}
	return d.apply(d.add(path, raw))
}

// add returns the edits that add a key. The innermost table on its path that the
// document defines decides the form.
func (d *Document) add(path []string, raw string) []edit {
	table := parent(path)
	for n := len(table); n > 0; n-- {
		rest := path[n:]
		if e := d.find(path[:n]); e != nil && e.inline {
			return d.addInline(e, inlineText(rest, raw))
		}
		if e := d.lastDotted(path[:n]); e != nil {
			keys := e.own(n)
			text := string(d.data[keys.start:keys.end]) + "." + quoteKeys(rest) + " = " + raw
			if e.table != nil {
				return d.addInline(e.table, text)
			}
			return d.addLine(e, text)
		}
		if n < len(table) {
			continue
		}
		if e := d.lastOfSection(table); e != nil {
			return d.addLine(e, quoteKeys(rest)+" = "+raw)
		}
		if slices.ContainsFunc(d.entries(), func(e *entry) bool { return hasPrefix(e.path, table) }) {
			// Only headers of tables in it mention it, so it can get a header.
			break
		}
	}
	return d.addSection(table, quoteKeys(path[len(table):])+" = "+raw)
}

// inlineText returns "a = { b = raw }" for the path a, b.
func inlineText(path []string, raw string) string {
	text := QuoteKey(path[0]) + " = "
	if len(path) == 1 {
		return text + raw
	}
	return text + "{ " + inlineText(path[1:], raw) + " }"
}

// lastDotted returns the last key that defines the table as a part of a dotted key,
// or nil.
func (d *Document) lastDotted(table []string) *entry {
	for _, e := range slices.Backward(d.entries()) {
		if !e.header && e.inherited < len(table) && len(e.path) > len(table) && hasPrefix(e.path, table) {
			return e
		}
	}
	return nil
}

// lastOfSection returns the last key below the table's header, the header if it has
// none, or nil without a header.
func (d *Document) lastOfSection(table []string) *entry {
	var last *entry
	for _, e := range d.entries() {
		switch {
		case e.header && slices.Equal(e.path, table):
			last = e
		case last != nil && e.header:
			return last
		case last != nil && e.table == nil:
			last = e
		}
	}
	return last
}

// addLine adds a line after the line of e, with the same indent and line end.
func (d *Document) addLine(e *entry, text string) []edit {
	line := string(d.data[e.line.start:e.line.end])
	indent := line[:e.start-e.line.start]
	end := line[len(strings.TrimRight(line, "\r\n")):]
	return []edit{insert(e.line.end, indent+text+end)}
}

// addSection adds a table with one key at the end, after an empty line.
func (d *Document) addSection(table []string, line string) []edit {
	end := d.lineEnd()
	text := "[" + quoteKeys(table) + "]" + end + line + end
	above := strings.TrimSuffix(strings.TrimPrefix(string(d.data), byteOrderMark), "\n")
	if above = strings.TrimRight(above, " \t\r"); above != "" && !strings.HasSuffix(above, "\n") {
		text = end + text
	}
	return []edit{insert(len(d.data), text)}
}

// lineEnd returns the line end that the document uses.
func (d *Document) lineEnd() string {
	if at := bytes.IndexByte(d.data, '\n'); at > 0 && d.data[at-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Remove removes keys from a table, with everything below them. The table stays, even
// if it becomes empty, and so do all comments outside of the values. A key that does
// not exist is ignored.
func (d *Document) Remove(table []string, names ...string) error {
	return d.apply(d.removal(table, func(e *entry) bool { return slices.Contains(names, e.path[len(table)]) }))
}

// Only removes all keys from a table at the top of the document, except those with
// the given names that have a string.
func (d *Document) Only(table string, names ...string) error {
	return d.apply(d.removal([]string{table}, func(e *entry) bool {
		return len(e.path) > 2 || !e.isString || !slices.Contains(names, e.path[1])
	}))
}

// removal returns the edits that remove the unwanted entries below a table.
func (d *Document) removal(table []string, unwanted func(*entry) bool) []edit {
	doomed := map[*entry]bool{}
	orphan := len(table) > 0
	for _, e := range d.entries() {
		switch {
		case !hasPrefix(e.path, table):
		case len(e.path) > len(table) && unwanted(e):
			doomed[e] = true
		default:
			orphan = false
		}
	}

	var edits []edit
	var kept *entry
	inline := map[*entry]bool{}
	for _, e := range d.entries() {
		if !doomed[e] || doomed[e.table] {
			continue
		}
		if orphan && kept == nil {
			// Without this entry the table would not exist.
			kept = e
			edits = append(edits, d.reduce(e, len(table)))
			if e.table == nil {
				continue
			}
		}
		switch {
		case e.table != nil:
			if !inline[e.table] {
				inline[e.table] = true
				edits = append(edits, d.removeInline(e.table, func(e *entry) bool { return doomed[e] && e != kept })...)
			}
		case e.comment.end > 0:
			edits = append(edits, cut(e.start, e.comment.start))
		default:
			edits = append(edits, cut(e.line.start, e.line.end))
		}
	}
	return edits
}

// reduce turns e into an empty table at the first n parts of its path.
func (d *Document) reduce(e *entry, n int) edit {
	keys := e.own(n)
	if e.header {
		return edit{e.start, e.end, "[" + string(d.data[keys.start:keys.end]) + "]"}
	}
	return edit{keys.end, e.end, " = {}"}
}

// Nest moves a value from the top of the document into a table there, in place of what
// the table had.
func (d *Document) Nest(key, table string) error {
	e := d.find([]string{key})
	if e == nil {
		return nil
	}
	raw := string(d.data[e.value.start:e.value.end])
	if err := d.Remove(nil, key); err != nil {
		return err
	}
	if err := d.Only(table, key); err != nil {
		return err
	}
	return d.setRaw(raw, []string{table, key})
}

// Comment returns the comment on the line of the key at path, without its "#"; empty
// if it has none.
func (d *Document) Comment(path ...string) string {
	e := d.find(path)
	if e == nil || e.comment.end == 0 {
		return ""
	}
	return strings.TrimSpace(string(d.data[e.comment.start+1 : e.comment.end]))
}

// AddComment adds a comment after the key at path. It does nothing if there is a
// comment, or the key is in an inline table.
func (d *Document) AddComment(comment string, path ...string) error {
	e := d.find(path)
	if e == nil || e.table != nil || e.comment.end > 0 {
		return nil
	}
	return d.apply([]edit{insert(e.end, " # "+comment)})
}

// substituted stands between the new value and the old one after
// [Document.Substitute].
const substituted = " # was "

// Substitute is [Document.Set], and keeps the old value in a comment after the new
// one, for [Document.Restore]. It reports whether it could keep the value: that is not
// possible in an inline table, or for a value of several lines.
func (d *Document) Substitute(text string, path ...string) (kept bool, err error) {
	e := d.find(path)
	if e == nil {
		return true, d.Set(text, path...)
	}
	old := string(d.data[e.value.start:e.value.end])
	if e.table != nil || strings.Contains(old, "\n") {
		return false, d.Set(text, path...)
	}
	return true, d.apply([]edit{insert(e.value.start, Quote(text)+substituted)})
}

// Restore undoes [Document.Substitute]. It reports whether there was an old value.
func (d *Document) Restore(path ...string) (restored bool, err error) {
	e := d.find(path)
	if e == nil || !bytes.HasPrefix(d.data[e.value.end:], []byte(substituted)) {
		return false, nil
	}
	return true, d.apply([]edit{cut(e.value.start, e.value.end+len(substituted))})
}

// Discard removes the key at path with its whole line. It undoes what [Document.Set]
// has added: a section without another key goes too, with an empty line above it.
func (d *Document) Discard(path ...string) error {
	table, name := parent(path), path[len(path)-1]
	e := d.find(path)
	switch {
	case e == nil:
		return nil
	case e.table != nil:
		return d.Remove(table, name)
	case e.section == nil || !d.isAlone(e, table):
		return d.apply([]edit{cut(e.line.start, e.line.end)})
	}
	start := e.section.line.start
	for _, lineEnd := range []string{"\n", "\r\n"} {
		if bytes.HasSuffix(d.data[:start], []byte("\n"+lineEnd)) {
			start -= len(lineEnd)
			break
		}
	}
	return d.apply([]edit{cut(start, e.line.end)})
}

// isAlone reports whether e, which is in a table, is all that its section has. A
// comment on the next line counts as something else.
func (d *Document) isAlone(e *entry, table []string) bool {
	section := e.section
	if section.comment.end > 0 {
		return false
	}
	for _, other := range d.entries() {
		if other.section == section && other != e && other.table != e {
			return false
		}
	}
	below, _, _ := strings.Cut(string(d.data[e.line.end:]), "\n")
	return strings.TrimSpace(string(d.data[section.end:e.start])) == "" && !strings.HasPrefix(strings.TrimSpace(below), "#")
}
