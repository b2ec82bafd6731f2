// Package serdejson reads JSON as Cargo does: what serde_json accepts it
// accepts, what serde_json refuses it refuses with the same words and the same
// line and column, because Cargo shows them to the user.
//
// It is no general JSON package. It has what the messages of the credential
// protocol and an index's config.json need, and leaves out a difference in the
// last bit of numbers with many digits, the column of an exponent of more than
// nine digits, and Rust's notion of which rare characters are printable.
package serdejson

// maxDepth is how deep a value that is kept may be nested.
const maxDepth = 127

// Decoder reads one JSON text. Its methods follow serde's: a value is read
// when its type is known, and the first error in reading order is the one
// reported.
type Decoder struct {
	buf   []byte
	pos   int
	depth int
}

// NewDecoder returns a decoder for text.
func NewDecoder(text []byte) *Decoder { return &Decoder{buf: text} }

// peek skips white space and returns the next byte, or 0 and false at the end.
func (d *Decoder) peek() (byte, bool) {
	for d.pos < len(d.buf) {
		switch c := d.buf[d.pos]; c {
		case ' ', '\n', '\t', '\r':
			d.pos++
		default:
			return c, true
		}
	}
	return 0, false
}

// End checks that nothing but white space follows.
func (d *Decoder) End() error {
	if _, ok := d.peek(); ok {
		return d.peekError("trailing characters")
	}
	return nil
}

func (d *Decoder) enter() error {
	if d.depth == maxDepth {
		return d.peekError("recursion limit exceeded")
	}
	d.depth++
	d.pos++
	return nil
}

func (d *Decoder) object(member func(key string) error, done func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	err := d.members(member)
	if err == nil && done != nil {
		err = done()
	}
	d.depth--
	if end := d.endObject(); err == nil {
		err = end
	}
	return d.fix(err)
}

func (d *Decoder) members(member func(key string) error) error {
	for first := true; ; first = false {
		c, ok := d.peek()
		if ok && c == ',' && !first {
			d.pos++
			c, ok = d.peek()
			switch {
			case !ok:
				return d.peekError("EOF while parsing a value")
			case c == '}':
				return d.peekError("trailing comma")
			}
		} else if ok && c != '}' && !first {
			return d.peekError("expected `,` or `}`")
		}
		switch {
		case !ok:
			return d.peekError("EOF while parsing an object")
		case c == '}':
			return nil
		case c != '"':
			return d.peekError("key must be a string")
		}
		key, err := d.string()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

// colon reads the colon between a key and its value.
func (d *Decoder) colon() error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing an object")
	case c != ':':
		return d.peekError("expected `:`")
	}
	d.pos++
	return nil
}

func (d *Decoder) endObject() error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing an object")
	case c == '}':
		d.pos++
		return nil
	case c == ',':
		return d.peekError("trailing comma")
	default:
		return d.peekError("trailing characters")
	}
}

// Array reads an array: element is called for each of its elements and reads it.
func (d *Decoder) Array(expected string, element func() error) error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing a value")
	case c != '[':
		return d.InvalidType(expected)
	}
	return d.array(func() error { return d.elements(true, element) })
}

// array reads what stands in brackets.
func (d *Decoder) array(read func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	err := read()
	d.depth--
	if end := d.endArray(); err == nil {
		err = end
	}
	return d.fix(err)
}

// elements reads the elements of an array up to its end.
func (d *Decoder) elements(first bool, read func() error) error {
	for ; ; first = false {
		more, err := d.Element(first)
		if err != nil || !more {
			return err
		}
		if err := read(); err != nil {
			return err
		}
	}
}

// Element says whether another element of an array follows. first is true for
// the first call.
func (d *Decoder) Element(first bool) (bool, error) {
	c, ok := d.peek()
	switch {
	case !ok:
		return false, d.peekError("EOF while parsing a list")
	case c == ']':
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, d.peekError("expected `,` or `]`")
	}
	d.pos++
	c, ok = d.peek()
	switch {
	case !ok:
		return false, d.peekError("EOF while parsing a value")
	case c == ']':
		return false, d.peekError("trailing comma")
	}
	return true, nil
}

func (d *Decoder) endArray() error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing a list")
	case c == ']':
		d.pos++
		return nil
	case c != ',':
		return d.peekError("trailing characters")
	}
	d.pos++
	if c, ok = d.peek(); ok && c == ']' {
		return d.peekError("trailing comma")
	}
	return d.peekError("trailing characters")
}

// Variant reads an enumeration with one value per variant, such as
// {"Ok":value}: value is called with the variant's name and reads what is
// below it. An error of value keeps its lack of a position.
func (d *Decoder) Variant(expected string, value func(name string) error, known func(name string) error) error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing a value")
	case c == '"':
		name, err := d.string()
		if err == nil {
			err = known(name)
		}
		if err != nil {
			return d.fix(err)
		}
		return Errorf("invalid type: unit variant, expected newtype variant")
	case c != '{':
		return d.peekError("expected value")
	}
	if err := d.enter(); err != nil {
		return err
	}
	name, err := d.String(expected)
	if err == nil {
		err = d.fix(known(name))
	}
	if err == nil {
		err = d.colon()
	}
	if err == nil {
		err = value(name)
	}
	d.depth--
	if err != nil {
		return err
	}
	c, ok = d.peek()
	switch {
	case !ok:
		return d.errorAt("EOF while parsing an object")
	case c != '}':
		return d.errorAt("expected value")
	}
	d.pos++
	return nil
}
