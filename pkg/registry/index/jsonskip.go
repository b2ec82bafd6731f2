package index

// skip reads a value that nobody asked for. Strings in it are not checked to
// be text, and its numbers may be of any size.
func (s *jsonScanner) skip() error {
	var open []byte
	for {
		again, err := s.skipOne(&open)
		if err != nil {
			return err
		}
		if again {
			continue
		}
		more, err := s.skipClosing(&open)
		if err != nil || !more {
			return err
		}
	}
}

// skipOne skips a value without parts, or opens a list or an object. It
// reports whether a value must follow at once: the first of what it opened.
func (s *jsonScanner) skipOne(open *[]byte) (again bool, err error) {
	c, ok := s.peek()
	if !ok {
		return false, s.peekError("EOF while parsing a value")
	}
	switch {
	case c == 'n':
		return false, s.word("null")
	case c == 't':
		return false, s.word("true")
	case c == 'f':
		return false, s.word("false")
	case c == '-' || isDigit(c):
		return false, s.number()
	case c == '"':
		s.at++
		return false, s.skipString()
	case c == '[' || c == '{':
		s.at++
		*open = append(*open, c)
		next, ok := s.peek()
		if ok && (c == '[' && next == ']' || c == '{' && next == '}') {
			return false, nil
		}
		if !ok {
			return false, s.unfinished(c)
		}
		return true, s.skipKey(c)
	}
	return false, s.peekError("expected value")
}

// skipClosing skips what may follow a value: the ends of what is open, and a
// comma. It reports whether another value follows.
func (s *jsonScanner) skipClosing(open *[]byte) (more bool, err error) {
	for len(*open) > 0 {
		inside := (*open)[len(*open)-1]
		c, ok := s.peek()
		switch {
		case !ok:
			return false, s.unfinished(inside)
		case c == ',':
			s.at++
			return true, s.skipKey(inside)
		case inside == '[' && c == ']', inside == '{' && c == '}':
			s.at++
			*open = (*open)[:len(*open)-1]
		case inside == '[':
			return false, s.peekError("expected `,` or `]`")
		default:
			return false, s.peekError("expected `,` or `}`")
		}
	}
	return false, nil
}

// skipKey skips a key and its colon, if it stands in an object.
func (s *jsonScanner) skipKey(inside byte) error {
	if inside != '{' {
		return nil
	}
	switch c, ok := s.peek(); {
	case !ok:
		return s.unfinished(inside)
	case c != '"':
		return s.peekError("key must be a string")
	}
	s.at++
	if err := s.skipString(); err != nil {
		return err
	}
	return s.colon()
}

func (s *jsonScanner) unfinished(inside byte) error {
	if inside == '[' {
		return s.peekError("EOF while parsing a list")
	}
	return s.peekError("EOF while parsing an object")
}

// skipString skips the rest of a string after its first quote.
func (s *jsonScanner) skipString() error {
	for {
		if s.at == len(s.data) {
			return s.error("EOF while parsing a string")
		}
		c := s.data[s.at]
		s.at++
		switch {
		case c == '"':
			return nil
		case c < ' ':
			return s.error("control character (\\u0000-\\u001F) found while parsing a string")
		case c == '\\':
			if err := s.skipEscape(); err != nil {
				return err
			}
		}
	}
}

func (s *jsonScanner) skipEscape() error {
	if s.at < len(s.data) && s.data[s.at] == 'u' {
		s.at++
		_, err := s.hex()
		return err
	}
	_, err := s.escape()
	return err
}
