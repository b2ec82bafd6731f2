package index

import (
	"bytes"
	"fmt"
)

// jsonScanner reads JSON as the library that Cargo uses does, so that its
// errors have the same words and places. Package encoding/json has others, and
// accepts what Cargo refuses.
type jsonScanner struct {
	data []byte
	at   int
}

// error says what is wrong with what was read last.
func (s *jsonScanner) error(message string) error { return s.errorAt(message, s.at) }

// peekError says what is wrong with what comes next.
func (s *jsonScanner) peekError(message string) error {
	return s.errorAt(message, min(s.at+1, len(s.data)))
}

func (s *jsonScanner) errorAt(message string, at int) error {
	before := s.data[:at]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := at - (bytes.LastIndexByte(before, '\n') + 1)
	return fmt.Errorf("%s at line %d column %d", message, line, column)
}

// peek returns the next byte that is not white space.
func (s *jsonScanner) peek() (byte, bool) {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return c, true
		}
	}
	return 0, false
}

// here returns the next byte; 0 at the end.
func (s *jsonScanner) here() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

// end checks that nothing follows.
func (s *jsonScanner) end() error {
	if _, ok := s.peek(); ok {
		return s.peekError("trailing characters")
	}
	return nil
}

// key reads the next key of an object; ok is false at the object's end.
func (s *jsonScanner) key(first bool) (key string, ok bool, err error) {
	c, ok := s.peek()
	switch {
	case !ok:
		return "", false, s.peekError("EOF while parsing an object")
	case c == '}':
		return "", false, nil
	case !first && c != ',':
		return "", false, s.peekError("expected `,` or `}`")
	case !first:
		s.at++
		if c, ok = s.peek(); !ok {
			return "", false, s.peekError("EOF while parsing a value")
		}
		if c == '}' {
			return "", false, s.peekError("trailing comma")
		}
	}
	if c != '"' {
		return "", false, s.peekError("key must be a string")
	}
	s.at++
	key, err = s.str()
	return key, err == nil, err
}

func (s *jsonScanner) colon() error {
	switch c, ok := s.peek(); {
	case !ok:
		return s.peekError("EOF while parsing an object")
	case c != ':':
		return s.peekError("expected `:`")
	}
	s.at++
	return nil
}

func (s *jsonScanner) endObject() error {
	switch c, ok := s.peek(); {
	case !ok:
		return s.peekError("EOF while parsing an object")
	case c == ',':
		return s.peekError("trailing comma")
	case c != '}':
		return s.peekError("trailing characters")
	}
	s.at++
	return nil
}

// element reports whether a list has another element.
func (s *jsonScanner) element(first bool) (bool, error) {
	c, ok := s.peek()
	switch {
	case !ok:
		return false, s.peekError("EOF while parsing a list")
	case c == ']':
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.peekError("expected `,` or `]`")
	}
	s.at++
	switch c, ok = s.peek(); {
	case !ok:
		return false, s.peekError("EOF while parsing a value")
	case c == ']':
		return false, s.peekError("trailing comma")
	}
	return true, nil
}

func (s *jsonScanner) endList() error {
	switch c, ok := s.peek(); {
	case !ok:
		return s.peekError("EOF while parsing a list")
	case c == ',':
		s.at++
		if c, ok := s.peek(); ok && c == ']' {
			return s.peekError("trailing comma")
		}
		return s.peekError("trailing characters")
	case c != ']':
		return s.peekError("trailing characters")
	}
	s.at++
	return nil
}

func (s *jsonScanner) text(to *string) (err error) {
	c, ok := s.peek()
	if !ok {
		return s.peekError("EOF while parsing a value")
	}
	if c != '"' {
		return s.mismatch("a string")
	}
	s.at++
	*to, err = s.str()
	return err
}

func (s *jsonScanner) optionalText(to **string) error {
	if c, ok := s.peek(); ok && c == 'n' {
		return s.word("null")
	}
	var text string
	if err := s.text(&text); err != nil {
		return err
	}
	*to = &text
	return nil
}

func (s *jsonScanner) boolean(to *bool) error {
	c, ok := s.peek()
	if !ok {
		return s.peekError("EOF while parsing a value")
	}
	switch c {
	case 't':
		*to = true
		return s.word("true")
	case 'f':
		*to = false
		return s.word("false")
	}
	return s.mismatch("a boolean")
}

// word reads a literal name whose first letter is next.
func (s *jsonScanner) word(word string) error {
	for i := range len(word) {
		if s.at == len(s.data) {
			return s.error("EOF while parsing a value")
		}
		s.at++
		if s.data[s.at-1] != word[i] {
			return s.error("expected ident")
		}
	}
	return nil
}

// mismatch says that a value is of another type than was expected.
func (s *jsonScanner) mismatch(expected string) error {
	found, err := s.describe()
	if err != nil {
		return err
	}
	return s.error("invalid type: " + found + ", expected " + expected)
}

// describe reads a value and says what it is.
func (s *jsonScanner) describe() (string, error) {
	switch c := s.here(); {
	case c == 'n':
		return "null", s.word("null")
	case c == 't':
		return "boolean `true`", s.word("true")
	case c == 'f':
		return "boolean `false`", s.word("false")
	case c == '"':
		s.at++
		text, err := s.str()
		return "string " + debugString(text), err
	case c == '[':
		return "sequence", nil
	case c == '{':
		return "map", nil
	case c == '-' || '0' <= c && c <= '9':
		from := s.at
		if err := s.number(); err != nil {
			return "", err
		}
		return s.describeNumber(string(s.data[from:s.at]))
	}
	return "", s.peekError("expected value")
}
