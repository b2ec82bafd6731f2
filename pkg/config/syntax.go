package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

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

// bareError is the problem of the bare value that starts at an offset.
type bareError struct {
	offset int
	*problem
}

func (e *bareError) Error() string { return e.reason }

// newSyntaxError turns an error of the TOML library, or about a bare value, into
// one with a place.
func newSyntaxError(document []byte, err error) *SyntaxError {
	var bare *bareError
	var parser *unstable.ParserError
	if errors.As(err, &parser) {
		// The rest of the document from the place on is what the capacity
		// tells, since the document was clipped.
		offset := cap(document) - cap(parser.Highlight)
		reason, ended := cargosReason(parser.Message)
		if bare = brokenBare(string(document), offset, parser.Message); bare == nil {
			offset, length, reason := cargosPlace(document, offset, len(parser.Highlight), reason, ended)
			return syntaxErrorAt(document, offset, length, reason)
		}
	}
	if bare != nil || errors.As(err, &bare) {
		return syntaxErrorAt(document, bare.offset+bare.start, bare.end-bare.start, bare.reason)
	}
	return syntaxErrorAt(document, 0, 1, strings.TrimPrefix(err.Error(), "toml: "))
}

// inBare are how our parser's messages about a bare value begin, and behindBare
// those about what stands behind a value.
var (
	inBare = []string{
		"decimal point must", "expected digit", "expected keyword", "expected number after sign", `expected "`,
		"exponent must", "integers cannot", "number must", "radix prefix", "sign is not allowed", "strings must be quoted",
		"unexpected character",
	}
	behindBare = []string{noNewlineButGot, "expected ',' or"}
)

// brokenBare returns what Cargo's parser has to say of a bare value, at an offset
// or before it, of which ours has a message; nil if that is nothing, or if the
// message is about something else.
func brokenBare(document string, offset int, message string) *bareError {
	begins := func(with string) bool { return strings.HasPrefix(message, with) }
	isBehind := slices.ContainsFunc(behindBare, begins)
	if !isBehind && !slices.ContainsFunc(inBare, begins) {
		return nil
	}
	before := strings.LastIndexAny(document[:offset], "=[]{},#\"'\n")
	start := before + 1
	for start < offset && (document[start] == ' ' || document[start] == '\t') {
		start++
	}
	raw := bareAt(document, start)
	if raw == "" || isBehind && (start == offset || before < 0 || strings.IndexByte("=[,\n", document[before]) < 0) {
		return nil
	}
	v, p := parseBare(raw)
	if p == nil {
		p = v.tooLarge()
	}
	end := len(document) - len(strings.TrimLeft(document[start+len(raw):], " \t"))
	if begins(noNewlineButGot) && end < len(document) && strings.IndexByte("\r\n#", document[end]) < 0 {
		// This comes before what is wrong with the value.
		return &bareError{end, &problem{0, 1, noNewline}}
	}
	if p == nil {
		return nil
	}
	return &bareError{start, p}
}

const (
	unclosedArray   = "unclosed array, expected `]`"
	noNewlineButGot = "expected newline but got"
	noNewline       = "unexpected key or value, expected newline, `#`"
	noKey           = "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"
	badKey          = "invalid unquoted key, expected letters, numbers, `-`, `_`"
	noValue         = "key with no value, expected `=`"
	openBasic       = "invalid basic string, expected `\"`"
	openLiteral     = "invalid literal string, expected `'`"
	notQuoted       = "string values must be quoted, expected literal string"
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
	{"unterminated basic string", openBasic, true},
	{"basic strings cannot have new lines", openBasic, false},
	{"unterminated literal string", openLiteral, true},
	{"literal strings cannot have new lines", openLiteral, false},
	{"expected ',' or ']' after array value", "missing comma between array elements, expected `,`", false},
	{"expected ',' or '}' after inline table key-value", "missing comma between key-value pairs, expected `,`", false},
	{`multiline basic string not terminated by """`, "invalid multi-line basic string, expected `\"`", true},
	{"multiline literal string not terminated by '''", "invalid multi-line literal string, expected `'`", true},
	{"expected value, not end of input", notQuoted, true},
	{"strings must be quoted", notQuoted, false},
	{"unexpected character", notQuoted, false},
	{"invalid character at start of key: U+002E", noKey, false},
	{"invalid character at start of key: U+003D", noKey, false},
	{"invalid character at start of key: U+005D", noKey, false},
	{"invalid character at start of key", badKey, false},
	{noNewlineButGot, noNewline, false},
	{"control characters are not allowed in comments", "invalid comment character, expected printable characters", false},
}

// cargosReason returns the reason that Cargo's parser has for a message of ours,
// where it is known to have another.
func cargosReason(message string) (reason string, ended bool) {
	for _, r := range reasons {
		if strings.HasPrefix(message, r.ours) {
			return r.cargos, r.ended
		}
	}
	return message, false
}

// cargosPlace returns the place that Cargo's parser would point out, and its
// reason, where they are known to differ from ours.
func cargosPlace(document []byte, offset, length int, reason string, ended bool) (int, int, string) {
	offset = min(offset, len(document))
	rest := document[offset:]
	before := bytes.TrimLeft(document[bytes.LastIndexByte(document[:offset], '\n')+1:offset], " \t")
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	switch {
	case (reason == noValue || reason == noKey || reason == badKey) && !bytes.ContainsAny(line, "=]"):
		// Cargo's parser takes what cannot be in a key for a part of it.
		if end := bytes.IndexAny(line, " \t\r\"'"); end >= 0 {
			line = line[:end]
		}
		reason = noValue
		if len(before) == 0 && bytes.HasPrefix(line, []byte(".")) {
			reason = "missing value for key, expected `=`"
		}
		return offset + len(line), 0, reason
	case (reason == openBasic || reason == openLiteral) && bytes.IndexAny(before, `"'`) == 0:
		// It would have been a key.
		return offset, length, noValue
	case bytes.HasPrefix(rest, []byte("\r")) && len(line) > 1:
		return offset + 1, 0, "carriage return must be followed by newline, expected newline"
	case strings.HasPrefix(reason, "invalid escape character"):
		return offset + 1, 0, "missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`"
	case ended && offset+length >= len(document) && (reason == unclosedArray || !bytes.HasSuffix(document, []byte("\n"))):
		return len(document), 0, reason
	case reason == notQuoted:
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

// Error shows the place in the document, in Cargo's frame.
func (e *SyntaxError) Error() string {
	number := fmt.Sprint(e.Line)
	gutter := strings.Repeat(" ", len(number)+1) + "|"
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s\n%s | %s\n%s %s%s\n%s",
		e.Line, e.Column, gutter, number, e.line, gutter, strings.Repeat(" ", e.Column-1), strings.Repeat("^", e.length), e.Reason)
}
