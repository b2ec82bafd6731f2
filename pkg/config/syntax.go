package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// SyntaxError says where a TOML document is malformed.
type SyntaxError struct {
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	// Reason is the parser's.
	Reason string

	line   string
	length int
}

// newSyntaxError turns an error of the TOML library into ours.
func newSyntaxError(document []byte, err error) *SyntaxError {
	var parser *unstable.ParserError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &parser):
		// The rest of the document from the place on is what the capacity
		// tells, since the document was clipped.
		offset := cap(document) - cap(parser.Highlight)
		offset, length, reason := cargosPlace(document, offset, len(parser.Highlight), parser.Message)
		return syntaxErrorAt(document, offset, length, reason)
	case errors.As(err, &decode):
		line, column := decode.Position()
		offset := column - 1
		for range line - 1 {
			offset += strings.IndexByte(string(document[offset-column+1:]), '\n') + 1
		}
		return syntaxErrorAt(document, offset, 1, reason(err))
	}
	return syntaxErrorAt(document, 0, 1, reason(err))
}

const (
	unclosedArray = "unclosed array, expected `]`"
	noKey         = "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"
	badKey        = "invalid unquoted key, expected letters, numbers, `-`, `_`"
	noValue       = "key with no value, expected `=`"
	unquoted      = "string values must be quoted, expected literal string"
)

// reasons are the reasons that Cargo's parser has for the most common ones of
// ours.
var reasons = []struct {
	ours, cargos string
	// ended says that the document may have ended too early, which Cargo
	// points out behind its last character.
	ended bool
}{
	{"array is incomplete", unclosedArray, true},
	{"inline table is incomplete", "unclosed inline table, expected `}`", true},
	{"expected '=' after key", noValue, true},
	{"expected ']' to close table name", "unclosed table, expected `]`", true},
	{"expected ']]' to close array table name", "unclosed array table, expected `]]`", true},
	{"unterminated basic string", "invalid basic string, expected `\"`", true},
	{"unterminated literal string", "invalid literal string, expected `'`", true},
	{`multiline basic string not terminated by """`, "invalid multi-line basic string, expected `\"`", true},
	{"multiline literal string not terminated by '''", "invalid multi-line literal string, expected `'`", true},
	{"expected value, not end of input", unquoted, true},
	{"strings must be quoted", unquoted, false},
	{"unexpected character", unquoted, false},
	{"invalid character at start of key: U+002E", noKey, false},
	{"invalid character at start of key: U+003D", noKey, false},
	{"invalid character at start of key: U+005D", noKey, false},
	{"invalid character at start of key", badKey, false},
	{"expected newline but got", "unexpected key or value, expected newline, `#`", false},
	{"control characters are not allowed in comments", "invalid comment character, expected printable characters", false},
}

// cargosPlace returns the place that Cargo's parser would point out, and its
// reason, where they are known to differ from ours.
func cargosPlace(document []byte, offset, length int, message string) (int, int, string) {
	reason, ended := message, false
	for _, r := range reasons {
		if strings.HasPrefix(message, r.ours) {
			reason, ended = r.cargos, r.ended
			break
		}
	}
	rest := document[min(offset, len(document)):]
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	switch {
	case (reason == noValue || reason == noKey || reason == badKey) && !bytes.ContainsAny(line, "=]"):
		// Cargo's parser takes what cannot be in a key for a part of it.
		if end := bytes.IndexAny(line, " \t\r\"'"); end >= 0 {
			line = line[:end]
		}
		return offset + len(line), 0, noValue
	case bytes.HasPrefix(rest, []byte("\r")) && len(line) > 1:
		return offset + 1, 0, "carriage return must be followed by newline, expected newline"
	case strings.HasPrefix(message, "invalid escape character"):
		return offset + 1, 0, "missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`"
	case ended && offset+length >= len(document) && (reason == unclosedArray || !bytes.HasSuffix(document, []byte("\n"))):
		return len(document), 0, reason
	case reason == unquoted:
		if end := bytes.IndexAny(line, "\r,]}#"); end >= 0 {
			line = line[:end]
		}
		return offset, len(bytes.TrimRight(line, " \t")), reason
	}
	return offset, length, reason
}

func syntaxErrorAt(document []byte, offset, length int, reason string) *SyntaxError {
	offset = max(0, min(offset, len(document)))
	// The end of the document counts as on the line of its last character.
	behind := 0
	if offset == len(document) && offset > 0 {
		offset, behind = offset-1, 1
	}
	before := string(document[:offset])
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(string(document[start:]), "\n")
	return &SyntaxError{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1 + behind,
		Reason: reason,
		line:   line,
		length: max(1, length),
	}
}

func reason(err error) string {
	return strings.TrimPrefix(err.Error(), "toml: ")
}

// Error shows the place in the document, in Cargo's frame.
func (e *SyntaxError) Error() string {
	number := fmt.Sprint(e.Line)
	gutter := strings.Repeat(" ", len(number)+1) + "|"
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s\n%s | %s\n%s %s%s\n%s",
		e.Line, e.Column, gutter, number, e.line, gutter, strings.Repeat(" ", e.Column-1), strings.Repeat("^", e.length), e.Reason)
}
