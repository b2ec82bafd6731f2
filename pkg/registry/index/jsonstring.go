package index

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the rest of a string after its first quote.
func (s *jsonScanner) str() (string, error) {
	var text []byte
	for {
		if s.at == len(s.data) {
			return "", s.error("EOF while parsing a string")
		}
		c := s.data[s.at]
		s.at++
		switch {
		case c == '"':
			if !utf8.Valid(text) {
				return "", s.error("invalid unicode code point")
			}
			return string(text), nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		case c < ' ':
			return "", s.error("control character (\\u0000-\\u001F) found while parsing a string")
		default:
			text = append(text, c)
		}
	}
}

// escape reads what follows a backslash.
func (s *jsonScanner) escape() (rune, error) {
	if s.at == len(s.data) {
		return 0, s.error("EOF while parsing a string")
	}
	c := s.data[s.at]
	s.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, s.error("invalid escape")
	}
	high, err := s.hex()
	if err != nil || !utf16.IsSurrogate(high) {
		return high, err
	}
	if high >= 0xdc00 {
		return 0, s.error("lone leading surrogate in hex escape")
	}
	for _, expected := range []byte(`\u`) {
		if s.at == len(s.data) {
			return 0, s.error("EOF while parsing a string")
		}
		s.at++
		if s.data[s.at-1] != expected {
			return 0, s.error("unexpected end of hex escape")
		}
	}
	low, err := s.hex()
	if err != nil {
		return 0, err
	}
	if low < 0xdc00 || low > 0xdfff {
		return 0, s.error("lone leading surrogate in hex escape")
	}
	return utf16.DecodeRune(high, low), nil
}

// hex reads four hexadecimal digits.
func (s *jsonScanner) hex() (rune, error) {
	if s.at+4 > len(s.data) {
		s.at = len(s.data)
		return 0, s.error("EOF while parsing a string")
	}
	digits := s.data[s.at : s.at+4]
	s.at += 4
	var r rune
	for _, c := range digits {
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 {
			return 0, s.error("invalid escape")
		}
		r = r<<4 | rune(i)
	}
	return r, nil
}

// debugString shows a string as Rust's debug format does.
func debugString(text string) string {
	shown := []rune{'"'}
	for _, r := range text {
		shown = append(shown, []rune(debugRune(r))...)
	}
	return string(append(shown, '"'))
}

func debugRune(r rune) string {
	switch r {
	case '"', '\\':
		return `\` + string(r)
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case 0:
		return `\0`
	}
	if !unicode.IsPrint(r) {
		return fmt.Sprintf(`\u{%x}`, r)
	}
	return string(r)
}
