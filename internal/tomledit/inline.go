package tomledit

import (
	"bytes"
	"fmt"
	"strings"
)

// addInline adds a key at the end of an inline table: on a line of its own if
// the last key has one, with a comma after it if that has one.
func (d *Document) addInline(table *entry, text string) []edit {
	if len(table.children) == 0 {
		open := table.value.start + 1
		text = " " + text
		if !isSpace(d.data[open]) && !d.lineEndsAt(open) {
			text += " "
		}
		return []edit{insert(open, text)}
	}

	last := table.children[len(table.children)-1]
	comma := d.comma(table, len(table.children)-1)
	at := last.end
	if comma >= 0 {
		at = comma + 1
	}
	lineEnd := overComment(d.data, overSpace(d.data, at))
	if !d.startsLine(last) || !d.lineEndsAt(lineEnd) {
		if comma >= 0 {
			return []edit{insert(at, " "+text+",")}
		}
		return []edit{insert(at, ", "+text)}
	}
	text = d.lineEnd() + string(d.data[backOverSpace(d.data, last.start):last.start]) + text
	if comma >= 0 {
		return []edit{insert(lineEnd, text+",")}
	}
	return []edit{insert(at, ","), insert(lineEnd, text)}
}

// removeInline returns the edits that take keys out of an inline table.
func (d *Document) removeInline(table *entry, doomed func(*entry) bool) []edit {
	var edits []edit
	survivor := -1
	for i, e := range table.children {
		if !doomed(e) {
			survivor = i
		}
	}
	tail := table.children[survivor+1:]
	// Without a comma after the last key, the last survivor's one goes. What may
	// be a comment stays.
	if len(tail) > 0 && d.comma(table, len(table.children)-1) < 0 {
		start, end := tail[0].start, tail[len(tail)-1].end
		if survivor >= 0 {
			start = d.comma(table, survivor)
		}
		if bytes.IndexByte(d.data[start:end], '#') < 0 {
			if survivor < 0 && isSpace(d.data[start-1]) {
				end = overSpace(d.data, end)
			}
			edits = append(edits, cut(start, end))
			tail = nil
		} else if survivor >= 0 {
			edits = append(edits, cut(start, start+1))
		}
	}
	for i, e := range table.children {
		if i < survivor && doomed(e) || i > survivor && tail != nil {
			edits = append(edits, d.removeChild(table, i)...)
		}
	}
	return edits
}

// removeChild cuts a key and the comma after it, and its line if nothing else
// stands there.
func (d *Document) removeChild(table *entry, i int) []edit {
	e := table.children[i]
	comma := d.comma(table, i)
	end := e.end
	var edits []edit
	switch {
	case comma < 0:
	case overSpace(d.data, e.end) == comma:
		end = comma + 1
	default:
		edits = append(edits, cut(comma, comma+1))
	}
	end = overSpace(d.data, end)
	if d.startsLine(e) && d.lineEndsAt(end) {
		return append(edits, cut(backOverSpace(d.data, e.start), overLineEnd(d.data, end)))
	}
	return append(edits, cut(e.start, end))
}

// comma returns the offset of the comma after the i-th key, or -1.
func (d *Document) comma(table *entry, i int) int {
	at, end := table.children[i].end, table.value.end-1
	if i+1 < len(table.children) {
		end = table.children[i+1].start
	}
	for at < end {
		switch d.data[at] {
		case ',':
			return at
		case '#':
			at = overComment(d.data, at)
		default:
			at++
		}
	}
	return -1
}

func (d *Document) lineEndsAt(at int) bool { return overLineEnd(d.data, at) > at }

// startsLine reports whether only white space stands before e on its line.
func (d *Document) startsLine(e *entry) bool {
	return bytes.HasSuffix(d.data[:backOverSpace(d.data, e.start)], []byte("\n"))
}

// SetStrings sets the value at path to an array of strings, as [Document.Set]
// sets a string.
func (d *Document) SetStrings(texts []string, path ...string) error {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = Quote(text)
	}
	return d.setRaw("["+strings.Join(quoted, ", ")+"]", path)
}

// AppendString adds a string at the end of the array of strings at path, in the
// form that the array has.
func (d *Document) AppendString(text string, path ...string) error {
	return d.editList(path, func(e *entry) []edit {
		if len(e.children) == 0 {
			return []edit{insert(e.value.start+1, Quote(text))}
		}
		return d.addInline(e, Quote(text))
	})
}

// ReplaceString replaces a string by another one wherever it stands in the array
// of strings at path.
func (d *Document) ReplaceString(old, text string, path ...string) error {
	return d.editList(path, func(e *entry) (edits []edit) {
		for _, element := range e.children {
			if element.text == old {
				raw := requote(string(d.data[element.start:element.end]), text)
				edits = append(edits, edit{element.start, element.end, raw})
			}
		}
		return edits
	})
}

// RemoveString removes a string from the array of strings at path, wherever it
// stands in it.
func (d *Document) RemoveString(text string, path ...string) error {
	return d.editList(path, func(e *entry) []edit {
		return d.removeInline(e, func(element *entry) bool { return element.text == text })
	})
}

// editList makes edits to the array of strings at path.
func (d *Document) editList(path []string, edits func(*entry) []edit) error {
	e := d.find(path)
	if e == nil || !e.list {
		return fmt.Errorf("%w: %s is no array of strings", ErrRefused, strings.Join(path, "."))
	}
	return d.apply(edits(e))
}
