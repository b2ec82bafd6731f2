package serdejson

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Kind is the kind of a [Value].
type Kind int

const (
	Null Kind = iota
	Bool
	// Integer is a number without fraction and exponent that fits a uint64 or
	// an int64.
	Integer
	// Float is every other number.
	Float
	String
	Array
	Object
)

// Value is a value that was read whole before anyone knew its type.
type Value struct {
	Kind Kind
	Bool bool
	// Integer holds an integer's digits, with their sign.
	Integer string
	Float   float64
	String  string
	Items   []Value
	Members []Member
}

// Member is a member of an object, in the order of the text.
type Member struct {
	Key   string
	Value Value
}

// InvalidType says that a value is not of the expected type.
func (v Value) InvalidType(expected string) *Error {
	return Errorf("invalid type: %s, expected %s", v.describe(), expected)
}

// Int64 returns an integer.
func (v Value) Int64() (int64, error) {
	if v.Kind != Integer {
		return 0, v.InvalidType("i64")
	}
	n, err := strconv.ParseInt(v.Integer, 10, 64)
	if err != nil {
		return 0, Errorf("invalid value: %s, expected i64", v.describe())
	}
	return n, nil
}

// Variant returns the name that chooses a variant. As with serde, a number
// counts as an index into the known names; a number past them gives "".
func (v Value) Variant(known ...string) (string, error) {
	switch {
	case v.Kind == String:
		return v.String, nil
	case v.Kind == Integer && !strings.HasPrefix(v.Integer, "-"):
		if i, err := strconv.Atoi(v.Integer); err == nil && i < len(known) {
			return known[i], nil
		}
		return "", nil
	}
	return "", v.InvalidType("variant identifier")
}

func (v Value) describe() string {
	switch v.Kind {
	case Bool:
		return "boolean `" + strconv.FormatBool(v.Bool) + "`"
	case Integer:
		return "integer `" + v.Integer + "`"
	case Float:
		return "floating point `" + formatFloat(v.Float) + "`"
	case String:
		return "string " + quote(v.String)
	case Array:
		return "sequence"
	case Object:
		return "map"
	default:
		return "null"
	}
}

// formatFloat writes a number in the fewest digits that give it back: plain
// from 1e-5 up to 1e16, with an exponent outside.
func formatFloat(f float64) string {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-5 || abs >= 1e16) {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "e")
		sign := exponent[:1]
		return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// printable is close to what Rust's Debug shows unescaped.
func printable(r rune) bool { return unicode.IsPrint(r) }
