package cli

import "strings"

// defaultColumns is the width of help where no terminal says another.
const defaultColumns = 100

// help returns the answer to -h and --help.
func (c Command) help() *Answer {
	if c.Name == "" {
		return &Answer{text: frontHelp}
	}
	return &Answer{text: c.helpText}
}

func (c Command) helpText(columns int) string {
	var b strings.Builder
	b.WriteString(wrap(c.about, columns) + "\n\n" + c.usage(nil) + "\n")
	if c.provider {
		b.WriteString("\n" + heading.paint("Arguments:") + "\n")
		writeEntries(&b, columns, []entry{{
			width: len("[args]..."),
			names: placeholder.paint("[args]..."),
			help:  "Additional arguments for the credential provider",
		}})
	}
	for _, s := range c.sections {
		b.WriteString("\n" + heading.paint(s.heading+":") + "\n")
		writeEntries(&b, columns, s.entries())
	}
	b.WriteString("\n" + wrap("Run `"+fixed("cargo help "+c.Name)+"` for more detailed information.", columns) + "\n")
	return b.String()
}

// entry is one line of help: names on the left, help on the right.
type entry struct {
	names string
	width int
	// indented says that room is left in front for a short name.
	indented bool
	help     string
}

func (s section) entries() []entry {
	var entries []entry
	for _, o := range s.options {
		if o.instead != "" {
			continue
		}
		e := entry{names: o.styled(), width: len(o.String()), indented: true, help: o.help}
		if o.long != "" {
			e.width += shortWidth
			e.names = strings.Repeat(" ", shortWidth) + e.names
		}
		if o.long != "" && o.short != "" {
			e.names = literal.paint("-"+o.short) + ", " + o.styled()
		}
		if o.possible != nil {
			e.help += " [possible values: " + strings.Join(o.possible, ", ") + "]"
		}
		entries = append(entries, e)
	}
	return entries
}

// shortWidth is the width of a short name and the comma behind it.
const shortWidth = len("-v, ")

func writeEntries(b *strings.Builder, columns int, entries []entry) {
	const indent, gap, below = 2, 2, 10
	longest := 0
	for _, e := range entries {
		longest = max(longest, e.width)
	}
	taken := indent + longest + gap
	// clap moves the help below the names if those take more than 40 % of the
	// columns and the help of any would need a second line.
	next := false
	for _, e := range entries {
		next = next || columns >= taken && float32(taken)/float32(columns) > 0.40 && len(e.help) > columns-taken
	}
	for _, e := range entries {
		margin, separator := taken, strings.Repeat(" ", longest-e.width+gap)
		if next {
			margin, separator = below, "\n"+strings.Repeat(" ", below)
		}
		lines := strings.ReplaceAll(wrap(e.help, max(columns-margin, 0)), "\n", "\n"+strings.Repeat(" ", margin))
		b.WriteString(strings.Repeat(" ", indent) + e.names + separator + lines + "\n")
	}
}

// wrap breaks text into lines at spaces, and also where a style begins or ends.
func wrap(text string, columns int) string {
	var b strings.Builder
	width, spaces := 0, ""
	for rest := text; rest != ""; {
		var word string
		switch rest[0] {
		case '\x1b':
			word, rest = cutAfter(rest, strings.IndexByte(rest, 'm')+1)
			b.WriteString(spaces + word)
			width, spaces = width+len(spaces), ""
		case ' ':
			spaces, rest = cutAfter(rest, len(rest)-len(strings.TrimLeft(rest, " ")))
		default:
			word, rest = cutAfter(rest, strings.IndexAny(rest, " \x1b"))
			if width+len(spaces)+len(word) > columns && b.Len() > 0 {
				width, spaces = 0, "\n"
			} else {
				width += len(spaces)
			}
			b.WriteString(spaces + word)
			width, spaces = width+len(word), ""
		}
	}
	return b.String()
}

// cutAfter cuts text at a position; a negative one is the end.
func cutAfter(text string, at int) (before, after string) {
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at:]
}
