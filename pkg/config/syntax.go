package config

import (
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
		return syntaxErrorAt(document, offset, len(parser.Highlight), parser.Message)
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

func syntaxErrorAt(document []byte, offset, length int, reason string) *SyntaxError {
	offset = max(0, min(offset, len(document)))
	before := string(document[:offset])
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(string(document[start:]), "\n")
	return &SyntaxError{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1,
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
