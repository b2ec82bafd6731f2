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
func newSyntaxError(document []byte, err error) error {
	var parser *unstable.ParserError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &parser):
		// The rest of the document from the place on is what the capacity
		// tells, since the document was clipped.
		offset := cap(document) - cap(parser.Highlight)
		length := len(parser.Highlight)
		reason, ended := cargosReason(parser.Message)
		switch {
		case ended && offset+length >= len(document) && (reason == unclosedArray || !bytes.HasSuffix(document, []byte("\n"))):
			offset, length = len(document), 0
		case reason == unquoted:
			word := document[offset:]
			if end := bytes.IndexAny(word, "\r\n,]}#"); end >= 0 {
				word = word[:end]
			}
			length = len(bytes.TrimRight(word, " \t"))
		}
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
	{"expected '=' after key", "key with no value, expected `=`", true},
	{"expected ']' to close table name", "unclosed table, expected `]`", true},
	{"expected ']]' to close array table name", "unclosed array table, expected `]]`", true},
	{"unterminated basic string", "invalid basic string, expected `\"`", true},
	{"unterminated literal string", "invalid literal string, expected `'`", true},
	{`multiline basic string not terminated by """`, "invalid multi-line basic string, expected `\"`", true},
	{"multiline literal string not terminated by '''", "invalid multi-line literal string, expected `'`", true},
	{"expected value, not end of input", unquoted, true},
	{"strings must be quoted", unquoted, false},
	{"unexpected character", unquoted, false},
	{"invalid character at start of key: U+002E", "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", false},
	{"invalid character at start of key: U+003D", "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", false},
	{"invalid character at start of key: U+005D", "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`", false},
	{"invalid character at start of key", "invalid unquoted key, expected letters, numbers, `-`, `_`", false},
	{"expected newline but got", "unexpected key or value, expected newline, `#`", false},
	{"control characters are not allowed in comments", "invalid comment character, expected printable characters", false},
}

func cargosReason(ours string) (reason string, ended bool) {
	for _, r := range reasons {
		if strings.HasPrefix(ours, r.ours) {
			return r.cargos, r.ended
		}
	}
	return ours, false
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
