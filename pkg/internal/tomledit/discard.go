package tomledit

import "strings"

// Comment returns the comment behind the key at path on its line, without the
// sign before it; empty if it has none.
func (d *Document) Comment(path ...string) string {
	e := d.find(path)
	if e == nil || e.comment.end == 0 {
		return ""
	}
	return strings.TrimSpace(string(d.data[e.comment.start+1 : e.comment.end]))
}

// AddComment adds a comment behind the key at path, if it stands on a line where
// a comment can and has none.
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

// Substitute is [Document.Set] that keeps the value that there was in a comment
// behind the new one, for [Document.Restore]. It reports whether it could: not
// in an inline table, nor a value over several lines.
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

// Substituted returns the old value, as TOML text, that [Document.Restore] would
// put back.
func (d *Document) Substituted(path ...string) (raw string, ok bool) {
	e := d.find(path)
	if e == nil || e.comment.end == 0 {
		return "", false
	}
	return strings.CutPrefix(string(d.data[e.value.end:e.comment.end]), substituted)
}

// Restore takes back what [Document.Substitute] has done.
func (d *Document) Restore(path ...string) error {
	if _, ok := d.Substituted(path...); !ok {
		return nil
	}
	e := d.find(path)
	return d.apply([]edit{cut(e.value.start, e.value.end+len(substituted))})
}

// Discard removes the key at path with all that stands on its line. It takes
// back what [Document.Set] has added: a section that has no other key goes as
// well, with an empty line above it.
func (d *Document) Discard(path ...string) error {
	table, name := parent(path), path[len(path)-1]
	e := d.find(path)
	switch {
	case e == nil:
		return nil
	case e.table != nil:
		return d.Remove(table, name)
	case e.section == nil || !d.isAlone(e):
		start := e.line.start
		if d.backOverLineEnd(e.line.end) == e.line.end {
			// The document ends without a line end, as the line above has done.
			start = d.backOverLineEnd(start)
		}
		return d.apply([]edit{cut(start, e.line.end)})
	}
	start := d.backOverLineEnd(e.section.line.start)
	switch above := d.backOverLineEnd(start); {
	case above == start:
		// The line above is not empty.
		start = e.section.line.start
	case d.backOverLineEnd(e.line.end) == e.line.end:
		// The document ends without a line end, as the line above has done.
		start = above
	}
	return d.apply([]edit{cut(start, e.line.end)})
}

// isAlone reports whether nothing but e stands below its section's header, not
// even a comment on the next line.
func (d *Document) isAlone(e *entry) bool {
	section := e.section
	if section.kind != header || section.comment.end > 0 {
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

// backOverLineEnd returns the offset before the line end that ends at the given
// one, or the same offset if there is none.
func (d *Document) backOverLineEnd(at int) int {
	if at > 0 && d.data[at-1] == '\n' {
		at--
		if at > 0 && d.data[at-1] == '\r' {
			at--
		}
	}
	return at
}
