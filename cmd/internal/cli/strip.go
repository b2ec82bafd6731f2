package cli

import (
	"strings"
	"unicode/utf8"
)

// plain returns text without styles and control characters, as it is shown
// where there are no colours.
func plain(text string) string {
	var s stripper
	return s.strip(text)
}

// stripper takes escape sequences and control characters, other than white
// space, out of what Cargo writes where there are no colours. A sequence that
// does not end goes on in the next text, so each stream has one stripper.
type stripper struct{ in sequence }

// sequence is the part of an escape sequence that the next byte belongs to.
type sequence int

const (
	noSequence   sequence = iota
	escape                // behind ESC
	intermediate          // behind ESC and a character that another must follow
	control               // behind ESC [
	command               // behind ESC ]: up to BEL or ESC \
	device                // behind ESC P: parameters and a letter
	parameters            // behind the first parameter of those
	last                  // behind the last one
	ignored               // behind that letter, or ESC X, ESC ^, ESC _: up to ESC \
)

func (s *stripper) strip(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		// What cannot be shown is skipped by the rules of the sequence it is
		// in; then text goes on up to the next control character. White space
		// that interrupts a sequence makes the rest of it text.
		for i < len(text) && s.skips(text[i]) {
			i++
		}
		start := i
		for i < len(text) && shown(text[i]) {
			if text[i] >= utf8.RuneSelf {
				s.in = noSequence
			}
			i++
		}
		b.WriteString(text[start:i])
	}
	return b.String()
}

// shown reports whether a byte outside of sequences is shown. The bytes of
// characters beyond ASCII are.
func shown(c byte) bool {
	switch c {
	case '\t', '\n', '\f', '\r':
		return true
	}
	return c >= ' ' && c != '\x7f'
}

// skips moves on by one byte and reports whether it is not shown.
func (s *stripper) skips(c byte) bool {
	switch c {
	case '\x18', '\x1a': // cancel
		s.in = noSequence
		return true
	case '\x1b':
		s.in = escape
		return true
	}
	switch s.in {
	case escape:
		return s.afterEscape(c)
	case intermediate:
		if c >= '0' && c <= '~' {
			s.in = noSequence
			return true
		}
	case control:
		if c >= '@' && c <= '~' {
			s.in = noSequence
			return true
		}
	case command:
		if c == '\a' {
			s.in = noSequence
		}
		return true
	case device, parameters, last:
		s.in = deviceSequence(s.in, c)
		return true
	case ignored:
		if c == '\x9c' { // also where it is part of a character
			s.in = noSequence
		}
		return true
	}
	if s.in != noSequence && c >= ' ' {
		return true
	}
	return !shown(c)
}

func (s *stripper) afterEscape(c byte) bool {
	switch {
	case c < ' ':
		return !shown(c)
	case c <= '/':
		s.in = intermediate
	case c == '[':
		s.in = control
	case c == ']':
		s.in = command
	case c == 'P':
		s.in = device
	case c == 'X', c == '^', c == '_':
		s.in = ignored
	case c < '\x7f':
		s.in = noSequence
	}
	return true
}

// deviceSequence returns what the next byte after c belongs to, in a sequence
// that began with ESC P.
func deviceSequence(in sequence, c byte) sequence {
	switch {
	case c < ' ' || c >= '\x7f' || c == ':' && in != last:
		return in
	case c >= '@':
		return ignored
	case c <= '/':
		return last
	case in == device:
		return parameters
	case in == parameters && (c <= '9' || c == ';'):
		return parameters
	}
	return ignored
}
