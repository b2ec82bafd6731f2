package cli

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

// fixed returns text in the style of literal as it is in texts that Cargo has
// ready: there the end of each part of a style is written out.
func fixed(text string) string { return "\x1b[96m\x1b[1m" + text + "\x1b[39m\x1b[22m" }

// paint returns text in a style. Everything is written with styles; [Shell]
// takes them off again where there are no colours.
func (s style) paint(text string) string { return string(s) + text + reset }
