package tomledit

import (
	"bytes"
	"fmt"
	"strings"
)

// This chapter writes strings and keys as TOML, and edits what stands between
// brackets: inline tables and arrays of strings.

// Quote returns text as a TOML string, as Cargo would: a basic string, or a literal one
// if that needs no escapes.
func Quote(text string) string {
	if strings.ContainsAny(text, `"\`) && !strings.Contains(text, "'") && !isControl(text) {
		return "'" + text + "'"
	}
	return basic(text)
}

// requote returns text as a TOML string with the quotes of old, if they can hold it.
func requote(old, text string) string {
	switch {
	case strings.HasPrefix(old, `"""`):
		return `""` + basic(text) + `""`
	case strings.HasPrefix(old, `"`):
		return basic(text)
	case strings.HasPrefix(old, "'"):
		if !strings.HasPrefix(old, "'''") && !isControl(text) && !strings.Contains(text, "'") {
			return "'" + text + "'"
		}
	}
	return Quote(text)
}

// isControl reports whether text has a character that needs an escape.
func isControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// QuoteKey returns name as a TOML key: bare if possible, else in the quotes of [Quote].
func QuoteKey(name string) string {
	needsQuotes := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	}
	if name != "" && !strings.ContainsFunc(name, needsQuotes) {
		return name
	}
	return Quote(name)
}

func quoteKeys(path []string) string {
	return strings.Join(quoted(path, QuoteKey), ".")
}

func quoted(texts []string, quote func(string) string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return quoted
}

func basic(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// addInline adds a key at the end of an inline table. It gets its own line, and a
// comma after it, if the last key has them.
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

// removeInline returns the edits that remove keys from an inline table.
func (d *Document) removeInline(table *entry, doomed func(*entry) bool) []edit {
	var edits []edit
	survivor := -1
	for i, e := range table.children {
		if !doomed(e) {
			survivor = i
		}
	}
	tail := table.children[survivor+1:]
	// If the last key has no comma after it, the comma after the last survivor goes.
	// Comments stay.
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

// removeChild removes a key, the comma after it, and its line if that becomes empty.
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

// SetStrings sets the value at path to an array of strings, as [Document.Set] sets a
// string. Strings that stay in an existing array keep their form, if the others are
// added at its end, replaced or removed.
func (d *Document) SetStrings(texts []string, path ...string) error {
	e := d.find(path)
	if e == nil || !e.list {
		return d.setRaw("["+strings.Join(quoted(texts, Quote), ", ")+"]", path)
	}
	stays := map[*entry]bool{}
	left := texts
	for _, element := range e.children {
		if len(left) > 0 && element.text == left[0] {
			stays[element], left = true, left[1:]
		}
	}
	var edits []edit
	switch {
	case len(left) == 0:
		edits = d.removeInline(e, func(element *entry) bool { return !stays[element] })
	case len(texts) == len(e.children):
		for i, element := range e.children {
			if element.text != texts[i] {
				raw := requote(string(d.data[element.start:element.end]), texts[i])
				edits = append(edits, edit{element.start, element.end, raw})
			}
		}
	case len(stays) == len(e.children):
		added := strings.Join(quoted(left, Quote), ", ")
		if len(e.children) > 0 {
			edits = d.addInline(e, added)
		} else {
			edits = []edit{insert(e.value.start+1, added)}
		}
	default:
		edits = []edit{{e.value.start, e.value.end, "[" + strings.Join(quoted(texts, Quote), ", ") + "]"}}
	}
	return d.apply(edits)
}
