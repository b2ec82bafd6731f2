// Package jsonobject reads JSON objects with encoding/json, but as strictly as
// Cargo does: a name counts only as it is spelt, no name may be there twice, and
// null is no value. On its own encoding/json takes "TOKEN" for "token", the last
// of two tokens, null for an empty string, and an escape that stands for no
// character for U+FFFD.
package jsonobject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object whose values have not been looked at yet.
type Object map[string]json.RawMessage

// Parse reads an object, and nothing may follow it.
func Parse(text []byte) (Object, error) {
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
	o := Object{}
	d := json.NewDecoder(bytes.NewReader(value))
	_, err := d.Token()
	for err == nil && d.More() {
		var name json.Token
		if name, err = d.Token(); err != nil {
			break
		}
		key := name.(string)
		if _, twice := o[key]; twice {
			return nil, fmt.Errorf("the field `%s` is there twice", key)
		}
		err = d.Decode(&value)
		o[key] = bytes.Clone(value)
	}
	return o, err
}

// Get reads a field that must be there.
func (o Object) Get(name string, into any) error {
	if _, ok := o[name]; !ok {
		return missing(name)
	}
	return o.Find(name, into)
}

// Find reads a field that may be missing, which leaves into as it is. It may be
// null only if into points to a pointer.
func (o Object) Find(name string, into any) error {
	value, ok := o[name]
	if !ok {
		return nil
	}
	mayBeNull := reflect.TypeOf(into).Elem().Kind() == reflect.Pointer
	if mayBeNull && string(value) == "null" {
		return nil
	}
	if !isPlain(value) || json.Unmarshal(value, into) != nil {
		return fmt.Errorf("the field `%s` is not %s", name, describe(into))
	}
	return nil
}

// Object reads a field that must be there and be an object.
func (o Object) Object(name string) (Object, error) {
	value, ok := o[name]
	switch {
	case !ok:
		return nil, missing(name)
	case value[0] != '{':
		return nil, fmt.Errorf("the field `%s` is not an object", name)
	}
	return Parse(value)
}

func missing(name string) error { return fmt.Errorf("the field `%s` is missing", name) }

// isPlain reports whether a value is without what encoding/json reads as
// something else: null, and half of a pair of surrogates.
func isPlain(value []byte) bool {
	d := json.NewDecoder(bytes.NewReader(value))
	for {
		token, err := d.Token()
		if err != nil {
			return true
		}
		text, _ := token.(string)
		if token == nil || strings.ContainsRune(text, utf8.RuneError) && !bytes.ContainsRune(value, utf8.RuneError) {
			return false
		}
	}
}

func describe(into any) string {
	switch into.(type) {
	case *string, **string:
		return "a string"
	case *bool:
		return "true or false"
	case *[]string, **[]string:
		return "a list of strings"
	case *[]uint32:
		return "a list of whole numbers"
	default:
		return "a whole number"
	}
}
