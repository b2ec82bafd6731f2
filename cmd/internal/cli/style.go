package cli

import "strings"

// style is an escape sequence that starts a style.
type style string

// The styles of Cargo's output.
const (
	heading     style = "\x1b[1m\x1b[92m"
	literal     style = "\x1b[1m\x1b[96m"
	placeholder style = "\x1b[36m"
	failure     style = "\x1b[1m\x1b[91m"
	warned      style = "\x1b[1m\x1b[33m"
	notice      style = "\x1b[1m\x1b[96m"
	frame       style = "\x1b[1m\x1b[94m"
	strong      style = "\x1b[1m"
	invalid     style = warned
	valid       style = literal
)

// reset ends every style.
const reset = "\x1b[0m"

// paint returns text in a style. Everything is written with styles; [Shell]
// takes them off again where there are no colours.
func (s style) paint(text string) string { return string(s) + text + reset }

// plain returns text without escape sequences and without control characters
// other than white space, as Cargo shows it where there are no colours.
func plain(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\x1b':
			i += sequenceLength(text[i:])
			continue
		case c >= ' ' && c != '\x7f', strings.IndexByte("\t\n\f\r", c) >= 0:
			b.WriteByte(c)
		}
		i++
	}
	return b.String()
}

// sequenceLength returns the length of the escape sequence that text starts
// with.
func sequenceLength(text string) int {
	i := 1
	if i == len(text) {
		return i
	}
	switch text[i] {
	case '[':
		for i++; i < len(text) && (text[i] < '@' || text[i] > '~'); i++ {
		}
		return min(i+1, len(text))
	case ']', 'P', 'X', '^', '_':
		// A string, up to BEL or the string terminator ESC \.
		for i++; i < len(text); i++ {
			if text[i] == '\a' {
				return i + 1
			}
			if text[i] == '\x1b' {
				return min(i+2, len(text))
			}
		}
		return i
	}
	for i < len(text) && text[i] >= ' ' && text[i] <= '/' {
		i++
	}
	return min(i+1, len(text))
}
