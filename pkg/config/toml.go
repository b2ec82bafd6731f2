package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// parseTOML returns the tree of a document, all of it defined at d. Errors are
// of the types *notUTF8Error and *SyntaxError, or about a value of a type that
// configuration does not have.
func parseTOML(document []byte, d Definition) (*node, error) {
	if !utf8.Valid(document) {
		return nil, &notUTF8Error{}
	}
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	var values map[string]any
	if err := toml.Unmarshal(document, &values); err != nil {
		return nil, newSyntaxError(document, err)
	}
	root, err := newNode(values, d)
	var unsupported *unsupportedError
	if errors.As(err, &unsupported) {
		return nil, fmt.Errorf("failed to parse config at `%s`: %w", unsupported.at, unsupported)
	}
	return root, err
}

// notUTF8Error is the error for a file that is no text.
type notUTF8Error struct{}

func (*notUTF8Error) Error() string { return "stream did not contain valid UTF-8" }

// unsupportedError is the error for a value whose type configuration does not
// have.
type unsupportedError struct {
	at       string
	typeName string
}

func (e *unsupportedError) Error() string {
	return fmt.Sprintf("unsupported TOML configuration type `%s`", e.typeName)
}

// below returns err with the place of an unsupported value extended by the
// key or index that leads to it.
func below(part string, err error) error {
	if e, ok := err.(*unsupportedError); ok {
		if e.at != "" && e.at[0] != '[' {
			part += "."
		}
		e.at = part + e.at
	}
	return err
}

func newNode(value any, d Definition) (*node, error) {
	n := &node{definition: d}
	switch value := value.(type) {
	case string:
		n.kind, n.text = stringKind, value
	case int64:
		n.kind, n.integer = integerKind, value
	case bool:
		n.kind, n.boolean = booleanKind, value
	case []any:
		n.kind = listKind
		for i, element := range value {
			child, err := newNode(element, d)
			if err != nil {
				return nil, below(fmt.Sprintf("[%d]", i), err)
			}
			n.list = append(n.list, child)
		}
	case map[string]any:
		n.kind = tableKind
		n.table = make(map[string]*node, len(value))
		for name, element := range value {
			child, err := newNode(element, d)
			if err != nil {
				return nil, below(quoteKey(name), err)
			}
			n.table[name] = child
		}
	case float64:
		return nil, &unsupportedError{typeName: "float"}
	case time.Time, toml.LocalDateTime, toml.LocalDate, toml.LocalTime:
		return nil, &unsupportedError{typeName: "datetime"}
	default:
		return nil, &unsupportedError{typeName: fmt.Sprintf("%T", value)}
	}
	return n, nil
}

// SyntaxError says where a TOML document is malformed.
type SyntaxError struct {
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	// Reason is the parser's.
	Reason string

	line string
}

func newSyntaxError(document []byte, err error) error {
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return &SyntaxError{Line: 1, Column: 1, Reason: reason(err)}
	}
	line, column := decode.Position()
	lines := strings.Split(string(document), "\n")
	e := &SyntaxError{Line: line, Column: column, Reason: reason(err)}
	if line >= 1 && line <= len(lines) {
		e.line = lines[line-1]
		if before := min(column-1, len(e.line)); before > 0 {
			e.Column = utf8.RuneCountInString(e.line[:before]) + 1
		}
	}
	return e
}

func reason(err error) string {
	return strings.TrimPrefix(err.Error(), "toml: ")
}

// Error shows the place in the document, in Cargo's frame.
func (e *SyntaxError) Error() string {
	number := fmt.Sprint(e.Line)
	gutter := strings.Repeat(" ", len(number)+1) + "|"
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s\n%s | %s\n%s %s^\n%s",
		e.Line, e.Column, gutter, number, e.line, gutter, strings.Repeat(" ", e.Column-1), e.Reason)
}
