package serdejson

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string.
func (d *Decoder) String(expected string) (string, error) {
	c, ok := d.peek()
	switch {
	case !ok:
		return "", d.peekError("EOF while parsing a value")
	case c != '"':
		return "", d.InvalidType(expected)
	}
	return d.string()
}

// Uint32 reads a number.
func (d *Decoder) Uint32() (uint32, error) {
	c, ok := d.peek()
	switch {
	case !ok:
		return 0, d.peekError("EOF while parsing a value")
	case c != '-' && (c < '0' || c > '9'):
		return 0, d.InvalidType("u32")
	}
	v, err := d.number()
	if err != nil {
		return 0, err
	}
	if v.Kind != Integer {
		return 0, d.fix(v.InvalidType("u32"))
	}
	n, err := strconv.ParseUint(v.Integer, 10, 32)
	if err != nil {
		return 0, d.errorAt("invalid value: %s, expected u32", v.describe())
	}
	return uint32(n), nil
}

// InvalidType says that what comes next is not of the expected type. A scalar
// is read to be shown; an array or an object is not.
func (d *Decoder) InvalidType(expected string) error {
	c, ok := d.peek()
	if ok && (c == '[' || c == '{') {
		kind := Array
		if c == '{' {
			kind = Object
		}
		return d.fix(Value{Kind: kind}.InvalidType(expected))
	}
	v, err := d.Any()
	if err != nil {
		return err
	}
	return d.fix(v.InvalidType(expected))
}

func (d *Decoder) ident(rest string) error {
	d.pos++
	for i := range len(rest) {
		if d.pos == len(d.buf) {
			return d.errorAt("EOF while parsing a value")
		}
		d.pos++
		if d.buf[d.pos-1] != rest[i] {
			return d.errorAt("expected ident")
		}
	}
	return nil
}

// string reads a string whose opening quote comes next.
func (d *Decoder) string() (string, error) {
	d.pos++
	var b strings.Builder
	for {
		start := d.pos
		for d.pos < len(d.buf) && d.buf[d.pos] != '"' && d.buf[d.pos] != '\\' && d.buf[d.pos] >= 0x20 {
			d.pos++
		}
		b.Write(d.buf[start:d.pos])
		if d.pos == len(d.buf) {
			return "", d.errorAt("EOF while parsing a string")
		}
		d.pos++
		switch d.buf[d.pos-1] {
		case '"':
			if text := b.String(); utf8.ValidString(text) {
				return text, nil
			}
			return "", d.errorAt("invalid unicode code point")
		case '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		default:
			return "", d.errorAt("%s", controlCharacter)
		}
	}
}

const controlCharacter = `control character (\u0000-\u001F) found while parsing a string`

// plainEscape returns what an escape of one letter stands for.
func plainEscape(letter byte) (r rune, ok bool) {
	switch letter {
	case '"', '\\', '/':
		return rune(letter), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// escape reads what follows a backslash.
func (d *Decoder) escape() (rune, error) {
	if d.pos == len(d.buf) {
		return 0, d.errorAt("EOF while parsing a string")
	}
	c := d.buf[d.pos]
	d.pos++
	if c != 'u' {
		r, ok := plainEscape(c)
		if !ok {
			return 0, d.errorAt("invalid escape")
		}
		return r, nil
	}
	r, err := d.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if r >= 0xdc00 {
		return 0, d.errorAt("lone leading surrogate in hex escape")
	}
	for _, want := range []byte{'\\', 'u'} {
		if d.pos == len(d.buf) {
			return 0, d.errorAt("EOF while parsing a string")
		}
		d.pos++
		if d.buf[d.pos-1] != want {
			return 0, d.errorAt("unexpected end of hex escape")
		}
	}
	low, err := d.hex()
	if err != nil {
		return 0, err
	}
	if low < 0xdc00 || low > 0xdfff {
		return 0, d.errorAt("lone leading surrogate in hex escape")
	}
	return utf16.DecodeRune(r, low), nil
}

// hex reads four hexadecimal digits.
func (d *Decoder) hex() (rune, error) {
	if len(d.buf)-d.pos < 4 {
		d.pos = len(d.buf)
		return 0, d.errorAt("EOF while parsing a string")
	}
	digits := string(d.buf[d.pos : d.pos+4])
	d.pos += 4
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return 0, d.errorAt("invalid escape")
	}
	return rune(n), nil
}

// number reads a number whose first byte comes next.
func (d *Decoder) number() (Value, error) {
	start := d.pos
	if d.buf[d.pos] == '-' {
		d.pos++
	}
	integer, err := d.scanNumber()
	if err != nil {
		return Value{}, err
	}
	text := string(d.buf[start:d.pos])
	if integer && text != "-0" {
		_, unsigned := strconv.ParseUint(text, 10, 64)
		_, signed := strconv.ParseInt(text, 10, 64)
		if unsigned == nil || signed == nil {
			return Value{Kind: Integer, Integer: text}, nil
		}
	}
	f, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		return Value{}, d.errorAt("number out of range")
	}
	return Value{Kind: Float, Float: f}, nil
}

// scanNumber reads a number after its sign, and says whether it is an integer.
func (d *Decoder) scanNumber() (integer bool, err error) {
	if d.pos == len(d.buf) {
		return false, d.errorAt("EOF while parsing a value")
	}
	d.pos++
	switch c := d.buf[d.pos-1]; {
	case c == '0':
		if d.digit() {
			return false, d.peekError("invalid number")
		}
	case c >= '1' && c <= '9':
		d.digits()
	default:
		return false, d.errorAt("invalid number")
	}
	integer = true
	if d.next('.') {
		integer = false
		if !d.digits() {
			if d.pos == len(d.buf) {
				return false, d.errorAt("EOF while parsing a value")
			}
			return false, d.peekError("invalid number")
		}
	}
	if d.next('e') || d.next('E') {
		integer = false
		if !d.next('+') {
			d.next('-')
		}
		if !d.digits() {
			if d.pos == len(d.buf) {
				return false, d.errorAt("EOF while parsing a value")
			}
			d.pos++
			return false, d.errorAt("invalid number")
		}
	}
	return integer, nil
}

func (d *Decoder) digit() bool {
	return d.pos < len(d.buf) && d.buf[d.pos] >= '0' && d.buf[d.pos] <= '9'
}

func (d *Decoder) digits() bool {
	start := d.pos
	for d.digit() {
		d.pos++
	}
	return d.pos > start
}

// next consumes c if it comes next.
func (d *Decoder) next(c byte) bool {
	if d.pos == len(d.buf) || d.buf[d.pos] != c {
		return false
	}
	d.pos++
	return true
}

// Null consumes a null if one comes next.
func (d *Decoder) Null() (bool, error) {
	if c, ok := d.peek(); !ok || c != 'n' {
		return false, nil
	}
	return true, d.ident("ull")
}

// Bool reads a boolean.
func (d *Decoder) Bool(expected string) (bool, error) {
	c, ok := d.peek()
	switch {
	case !ok:
		return false, d.peekError("EOF while parsing a value")
	case c == 't':
		return true, d.ident("rue")
	case c == 'f':
		return false, d.ident("alse")
	}
	return false, d.InvalidType(expected)
}
