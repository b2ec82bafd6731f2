package serdejson

import (
	"bytes"
	"fmt"
	"strings"
)

// Error is a reading error in serde_json's words.
type Error struct {
	// Message is the text without the position.
	Message string
	// Line and Column count from 1, Column in bytes; Line is 0 where
	// serde_json loses the position, as it does behind a buffered value.
	Line, Column int
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s at line %d column %d", e.Message, e.Line, e.Column)
}

// Errorf returns an error without a position; [Decoder] adds one when it
// leaves the value that was being read.
func Errorf(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// MissingField says that an object lacks a field.
func MissingField(name string) *Error { return Errorf("missing field `%s`", name) }

// DuplicateField says that an object has a field twice.
func DuplicateField(name string) *Error { return Errorf("duplicate field `%s`", name) }

// errorAt returns an error at the bytes consumed so far.
func (d *Decoder) errorAt(format string, args ...any) *Error {
	e := Errorf(format, args...)
	d.place(e, d.pos)
	return e
}

// peekError returns an error at the byte that comes next.
func (d *Decoder) peekError(message string) *Error {
	e := &Error{Message: message}
	d.place(e, min(d.pos+1, len(d.buf)))
	return e
}

// fix gives an error that has no position yet the one reached.
func (d *Decoder) fix(err error) error {
	if e, ok := err.(*Error); ok && e != nil && e.Line == 0 {
		d.place(e, d.pos)
	}
	return err
}

func (d *Decoder) place(e *Error, pos int) {
	before := d.buf[:pos]
	e.Line = 1 + bytes.Count(before, []byte{'\n'})
	e.Column = pos - (bytes.LastIndexByte(before, '\n') + 1)
}

// quote writes a string as Rust's Debug does, as serde_json shows it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == 0:
			b.WriteString(`\0`)
		case !printable(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
