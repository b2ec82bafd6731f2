package index

import (
	"math"
	"strconv"
	"strings"
)

func (s *jsonScanner) describeNumber(text string) (string, error) {
	if !strings.ContainsAny(text, ".eE") && text != "-0" {
		if _, err := strconv.ParseUint(text, 10, 64); err == nil {
			return "integer `" + text + "`", nil
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return "integer `" + text + "`", nil
		}
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(number, 0) {
		return "", s.error("number out of range")
	}
	shown := strconv.FormatFloat(number, 'f', -1, 64)
	if !strings.Contains(shown, ".") {
		shown += ".0"
	}
	return "floating point `" + shown + "`", nil
}

// number reads a number.
func (s *jsonScanner) number() error {
	if s.here() == '-' {
		s.at++
	}
	switch c := s.here(); {
	case s.at == len(s.data):
		return s.peekError("EOF while parsing a value")
	case c == '0':
		s.at++
		if isDigit(s.here()) {
			return s.peekError("invalid number")
		}
	case isDigit(c):
		s.digits()
	default:
		return s.peekError("invalid number")
	}
	if s.here() == '.' {
		s.at++
		if err := s.someDigits(); err != nil {
			return err
		}
	}
	if c := s.here(); c == 'e' || c == 'E' {
		s.at++
		if c := s.here(); c == '+' || c == '-' {
			s.at++
		}
		return s.someDigits()
	}
	return nil
}

func (s *jsonScanner) digits() {
	for isDigit(s.here()) {
		s.at++
	}
}

func (s *jsonScanner) someDigits() error {
	switch {
	case s.at == len(s.data):
		return s.peekError("EOF while parsing a value")
	case !isDigit(s.here()):
		return s.peekError("invalid number")
	}
	s.digits()
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
