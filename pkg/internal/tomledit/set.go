package tomledit

import (
	"bytes"
	"slices"
	"strings"
)

// Set sets the value at path, which must be in a table, to a string. An
// existing value is replaced where it stands, between the same quotes if they
// can hold the new one. A new one goes behind the last key of its table, in
// the form the table has; a new table becomes a section at the end, unless one
// around it is written inline or with dotted keys.
//
// All that leads to the value must be tables.
func (d *Document) Set(text string, path ...string) error {
	if e := d.find(path); e != nil {
		if e.isString && e.text == text {
			return nil
		}
		raw := requote(string(d.data[e.value.start:e.value.end]), text)
		return d.apply([]edit{{e.value.start, e.value.end, raw}})
	}
	return d.setRaw(Quote(text), path)
}

// setRaw adds or replaces the value at path by TOML text.
func (d *Document) setRaw(raw string, path []string) error {
	if e := d.find(path); e != nil {
		return d.apply([]edit{{e.value.start, e.value.end, raw}})
	}
	return d.apply(d.add(path, raw))
}

// add returns the edits that add a key. The innermost table on its path that
// the document defines says in which form.
func (d *Document) add(path []string, raw string) []edit {
	table := parent(path)
	entries := d.entries()
	for n := len(table); n > 0; n-- {
		rest := path[n:]
		if e := entries.find(path[:n]); e != nil && e.inline {
			return d.addInline(e, inlineText(rest, raw))
		}
		if e := entries.lastDotted(path[:n]); e != nil {
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
		if e := entries.lastOfSection(table); e != nil {
			return d.addLine(e, quoteKeys(rest)+" = "+raw)
		}
		if entries.has(table) {
			// Only headers of tables in it define it, which leaves room for
			// one of its own.
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

// lastDotted returns the last key that defines the table by naming it in a
// dotted key.
func (es entries) lastDotted(table []string) *entry {
	for _, e := range slices.Backward(es) {
		if e.kind == keyValue && e.array == noArray &&
			e.inherited < len(table) && len(e.path) > len(table) && hasPrefix(e.path, table) {
			return e
		}
	}
	return nil
}

// lastOfSection returns the last key below the table's header, or the header
// if there is none, or nil if there is no header.
func (es entries) lastOfSection(table []string) *entry {
	var last *entry
	for _, e := range es {
		switch {
		case e.kind == header && e.array == noArray && slices.Equal(e.path, table):
			last = e
		case last != nil && e.kind != keyValue:
			return last
		case last != nil && e.table == nil:
			last = e
		}
	}
	return last
}

// addLine adds a line behind that of e, indented as it is.
func (d *Document) addLine(e *entry, text string) []edit {
	text = string(d.data[e.line.start:e.start]) + text
	line := string(d.data[e.start:e.line.end])
	switch {
	case strings.HasSuffix(line, "\r\n"):
		text += "\r\n"
	case strings.HasSuffix(line, "\n"):
		text += "\n"
	default:
		text = d.lineEnd() + text
	}
	return []edit{insert(e.line.end, text)}
}

// addSection adds a table with one key at the end, below an empty line.
func (d *Document) addSection(table []string, line string) []edit {
	end := d.lineEnd()
	text := "[" + quoteKeys(table) + "]" + end + line
	before := strings.TrimPrefix(string(d.data), byteOrderMark)
	switch {
	case before == "":
		text += end
	case !strings.HasSuffix(before, "\n"):
		text = end + end + text
	case emptyLastLine(before):
		text += end
	default:
		text = end + text + end
	}
	return []edit{insert(len(d.data), text)}
}

// emptyLastLine reports whether the last line of a text that ends with a line
// end is empty.
func emptyLastLine(text string) bool {
	text = strings.TrimSuffix(text, "\n")
	return strings.Trim(text[strings.LastIndexByte(text, '\n')+1:], " \t\r") == ""
}

// lineEnd returns the line end that the document uses.
func (d *Document) lineEnd() string {
	if at := bytes.IndexByte(d.data, '\n'); at > 0 && d.data[at-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
