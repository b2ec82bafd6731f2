// Package tomledit changes single values of a TOML document and leaves every
// other byte as it is: comments, order, quoting, line ends, a byte order mark,
// a missing final line end.
//
//	doc, err := tomledit.Parse(content)
//	err = doc.Set("secret", "registry", "token")
//	content = doc.Bytes()
//
// It is no general editor: it sets strings in tables and removes keys, and
// does not look into arrays. What to change is found with the TOML library's
// own parser and its byte ranges. That parser takes a key that is defined
// twice, so a caller must know that the document is valid, and does well to
// compare what the edited one means with what it wanted.
package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// ErrRefused says that a change would have damaged the document. The document
// is then as it was.
var ErrRefused = errors.New("the change would damage the TOML document")

const byteOrderMark = "\ufeff"

// Document is a TOML document that can be changed.
type Document struct {
	// data and entries are never changed in place, only replaced.
	data    []byte
	entries []*entry
}

// Parse returns the document with the given content, of which it keeps a copy.
// Errors are the TOML library's.
func Parse(content []byte) (*Document, error) {
	data := bytes.Clone(content)
	entries, err := scan(data)
	if err != nil {
		return nil, err
	}
	return &Document{data, entries}, nil
}

// Clone returns a copy that can be changed by itself.
func (d *Document) Clone() *Document { return &Document{bytes.Clone(d.data), d.entries} }

// Bytes returns the document's content. The caller must not change it.
func (d *Document) Bytes() []byte { return d.data }

// Clear overwrites the content. The document cannot be used any more.
func (d *Document) Clear() {
	clear(d.data)
	*d = Document{}
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
	if len(edits) == 0 {
		return nil
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	size := len(d.data)
	for _, e := range edits {
		size += len(e.text)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range edits {
		if e.start < at || e.end < e.start {
			return fmt.Errorf("%w: its edits overlap", ErrRefused)
		}
		out = append(out, d.data[at:e.start]...)
		out = append(out, e.text...)
		at = e.end
	}
	out = append(out, d.data[at:]...)
	entries, err := scan(out)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	clear(d.data)
	d.data, d.entries = out, entries
	return nil
}

// find returns the entry that is the key of exactly path, or nil.
func (d *Document) find(path []string) *entry {
	for _, e := range d.entries {
		if e.kind == keyValue && e.array == noArray && slices.Equal(e.path, path) {
			return e
		}
	}
	return nil
}

// Has reports whether the document speaks of path or of something below it.
func (d *Document) Has(path ...string) bool {
	return slices.ContainsFunc(d.entries, func(e *entry) bool { return hasPrefix(e.path, path) })
}
