// Package tomledit changes single values of a TOML document and leaves every
// other byte as it is: comments, order, quoting, line ends, a byte order mark,
// a missing final line end.
//
//	doc := tomledit.New(content)
//	err := doc.Set("secret", "registry", "token")
//	content = doc.Bytes()
//
// It is no general editor: it sets strings in tables and removes keys, and
// does not look into arrays. What to change is found with the TOML library's
// own parser and its byte ranges. That parser takes a key that is defined
// twice, so a caller must know that the document is valid, and does well to
// compare what the edited one means with what it wanted: nothing here looks at
// the result.
package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRefused says that a change would have damaged the document, which is not to
// be used any more.
var ErrRefused = errors.New("the change would damage the TOML document")

const byteOrderMark = "\ufeff"

// Document is a TOML document that can be changed.
type Document struct {
	// data and scanned are never changed in place, only replaced. The last line of
	// data has a line end; added says that it is not the document's.
	data  []byte
	added bool
	// scanned are the entries near the table, once they have been asked for.
	scanned []*entry
	table   []string
	// err says that data is no TOML document.
	err error
}

// New returns the document with the given content, which the caller must not
// change as long as the document has it.
func New(content []byte) *Document {
	d := &Document{data: content}
	if text := strings.TrimPrefix(string(content), byteOrderMark); text != "" && !strings.HasSuffix(text, "\n") {
		d.added = true
		d.data = append(slices.Clip(content), d.lineEnd()...)
	}
	return d
}

// Clone returns a copy that can be changed by itself.
func (d *Document) Clone() *Document {
	c := *d
	return &c
}

// Bytes returns the document's content. The caller must not change it as long as
// the document, or a clone, has it.
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

// near returns the entries that matter for a table and what is in it, in the
// order of the document: all but those in sections beside the table. These are
// many in a document of many registries.
func (d *Document) near(table []string) []*entry {
	if d.err == nil && (d.scanned == nil || !slices.Equal(d.table, table)) {
		scanned, err := scan(d.data, table)
		if err != nil {
			d.err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		d.scanned, d.table = scanned, slices.Clone(table)
	}
	return d.scanned
}

// parent is the table that holds the key at path.
func parent(path []string) []string { return path[:len(path)-1] }

// find returns the entry that is the key of exactly path, or nil.
func (d *Document) find(path []string) *entry {
	for _, e := range d.near(parent(path)) {
		if !e.header && e.array == noArray && slices.Equal(e.path, path) {
			return e
		}
	}
	return nil
}

// Has reports whether the document speaks of path or of something below it.
func (d *Document) Has(path ...string) bool {
	return slices.ContainsFunc(d.near(path), func(e *entry) bool { return hasPrefix(e.path, path) })
}
