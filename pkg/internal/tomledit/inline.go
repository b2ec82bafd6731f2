package tomledit

import (
	"bytes"
	"slices"
)

// addInline adds a key at the end of an inline table: on a line of its own if
// the last key has one, with a comma behind it if that has one.
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
	lineEnd, found := d.restOfLine(table, at)
	if !d.startsLine(last) || !found {
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
	// Without a comma behind the last key, the last survivor's one goes.
	if len(tail) > 0 && d.comma(table, len(table.children)-1) < 0 {
		start, end := tail[0].start, tail[len(tail)-1].end
		if survivor >= 0 {
			start = d.comma(table, survivor)
		}
		if !table.commentBetween(start, end) {
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

// removeChild cuts a key and the comma behind it, and its line if nothing else
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

// comma returns the offset of the comma behind the i-th key, or -1.
func (d *Document) comma(table *entry, i int) int {
	at := table.children[i].end
	end := table.value.end - 1
	if i+1 < len(table.children) {
		end = table.children[i+1].start
	}
	for at < end {
		if comment := table.commentAt(at); comment.end > 0 {
			at = comment.end
			continue
		}
		if d.data[at] == ',' {
			return at
		}
		at++
	}
	return -1
}

// restOfLine returns the offset of the line end behind at, if nothing of the
// inline table but a comment stands before it.
func (d *Document) restOfLine(table *entry, at int) (lineEnd int, found bool) {
	at = overSpace(d.data, at)
	if comment := table.commentAt(at); comment.end > 0 {
		at = comment.end
	}
	return at, d.lineEndsAt(at)
}

func (d *Document) lineEndsAt(at int) bool { return overLineEnd(d.data, at) > at }

// startsLine reports whether only white space stands before e on its line.
func (d *Document) startsLine(e *entry) bool {
	return bytes.HasSuffix(d.data[:backOverSpace(d.data, e.start)], []byte("\n"))
}

// commentAt returns the comment that starts at the given offset.
func (e *entry) commentAt(at int) span {
	if i := e.commentFrom(at); i < len(e.comments) && e.comments[i].start == at {
		return e.comments[i]
	}
	return span{}
}

func (e *entry) commentBetween(start, end int) bool {
	i := e.commentFrom(start)
	return i < len(e.comments) && e.comments[i].start < end
}

// commentFrom returns the index of the first comment that does not start
// before at.
func (e *entry) commentFrom(at int) int {
	i, _ := slices.BinarySearchFunc(e.comments, at, func(comment span, at int) int { return comment.start - at })
	return i
}
