package untrusted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object that is read field by field, as strictly as Cargo does. It
// keeps the first error; after that, all fields read as empty.
//
// A name must have the right case and occur once, and null is not a value. Package
// encoding/json alone takes "TOKEN" for "token", the last of two tokens, null for an
// empty string, and half of a surrogate pair for U+FFFD.
type Object struct {
	fields map[string]json.RawMessage
	err    *error // shared with the objects inside
}

// ParseObject reads a text that is one object.
func ParseObject(text []byte) Object {
	fields, err := parse(text)
	return Object{fields, &err}
}

func parse(text []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the text is not valid UTF-8")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the text is empty")
	}
	var value json.RawMessage
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	if value[0] != '{' {
		return nil, errors.New("the text is not a JSON object")
	}
	fields := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(value))
	_, err := d.Token()
	for err == nil && d.More() {
		token, _ := d.Token() // a name, since the syntax is valid
		name := token.(string)
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("the field `%s` occurs twice", name)
		}
		var field json.RawMessage
		err = d.Decode(&field)
		fields[name] = field
	}
	return fields, err
}

// Err returns the first error of the text or of a field that was read.
func (o Object) Err() error { return *o.err }

// Has reports whether the object has a field.
func (o Object) Has(name string) bool { return o.fields[name] != nil }

// Len returns the number of fields.
func (o Object) Len() int { return len(o.fields) }

// String reads a string. It is an error if this or any other field that is not
// optional is missing.
func (o Object) String(name string) string { return required[string](o, name, "a string") }

// Int reads a whole number.
func (o Object) Int(name string) int64 { return required[int64](o, name, "a whole number") }

// Bool reads a boolean.
func (o Object) Bool(name string) bool { return required[bool](o, name, "true or false") }

// Uint32s reads a list of numbers.
func (o Object) Uint32s(name string) []uint32 {
	return required[[]uint32](o, name, "a list of whole numbers")
}

// OptionalString reads a string; nil if it is missing or null.
func (o Object) OptionalString(name string) *string {
	if o.isNull(name) {
		return nil
	}
	text := o.String(name)
	return &text
}

// OptionalStrings reads a list of strings; nil if it is missing or null.
func (o Object) OptionalStrings(name string) []string {
	if o.isNull(name) {
		return nil
	}
	return required[[]string](o, name, "a list of strings")
}

// Object reads an object inside.
func (o Object) Object(name string) Object {
	value := o.fields[name]
	if value == nil {
		o.fail("the field `%s` is missing", name)
		return Object{nil, o.err}
	}
	fields, err := parse(value)
	if err != nil {
		o.fail("the field `%s`: %w", name, err)
	}
	return Object{fields, o.err}
}

func (o Object) isNull(name string) bool { return !o.Has(name) || string(o.fields[name]) == "null" }

func (o Object) fail(format string, args ...any) {
	if *o.err == nil {
		*o.err = fmt.Errorf(format, args...)
	}
}

// required reads a field that must exist and have the type.
func required[T any](o Object, name, kind string) (value T) {
	text := o.fields[name]
	switch {
	case text == nil:
		o.fail("the field `%s` is missing", name)
	case !isPlain(text) || json.Unmarshal(text, &value) != nil:
		o.fail("the field `%s` is not %s", name, kind)
	}
	return value
}

// isPlain reports whether a value has nothing that encoding/json would change: null,
// or half of a surrogate pair.
func isPlain(value []byte) bool {
	d := json.NewDecoder(bytes.NewReader(value))
	written := bytes.ContainsRune(value, utf8.RuneError)
	for {
		token, err := d.Token()
		if err != nil {
			return true
		}
		text, _ := token.(string)
		if token == nil || !written && strings.ContainsRune(text, utf8.RuneError) {
			return false
		}
	}
}
