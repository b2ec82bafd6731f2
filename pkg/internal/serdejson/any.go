package serdejson

// Any reads a value of any type and keeps it.
func (d *Decoder) Any() (Value, error) {
	c, ok := d.peek()
	switch {
	case !ok:
		return Value{}, d.peekError("EOF while parsing a value")
	case c == 'n':
		return Value{}, d.ident("ull")
	case c == 't':
		return Value{Kind: Bool, Bool: true}, d.ident("rue")
	case c == 'f':
		return Value{Kind: Bool}, d.ident("alse")
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	case c == '"':
		s, err := d.string()
		return Value{Kind: String, String: s}, err
	case c == '[':
		v := Value{Kind: Array}
		err := d.array(func() error {
			var err error
			v.Items, err = d.Rest(true)
			return err
		})
		return v, err
	case c == '{':
		v := Value{Kind: Object}
		err := d.object(func(key string) error {
			if err := d.colon(); err != nil {
				return err
			}
			m, err := d.Any()
			v.Members = append(v.Members, Member{key, m})
			return err
		}, nil)
		return v, err
	default:
		return Value{}, d.peekError("expected value")
	}
}

// Rest reads the elements of an array up to its end and keeps them.
func (d *Decoder) Rest(first bool) (items []Value, err error) {
	err = d.elements(first, func() error {
		v, err := d.Any()
		items = append(items, v)
		return err
	})
	return items, err
}

// Skip reads a value that nobody wants. It is less strict than [Decoder.Any]:
// as with serde_json, neither depth nor the range of numbers nor lone
// surrogates matter.
func (d *Decoder) Skip() error {
	var open []byte
	for {
		c, ok := d.peek()
		if !ok {
			return d.peekError("EOF while parsing a value")
		}
		var opened bool
		var err error
		switch {
		case c == 'n':
			err = d.ident("ull")
		case c == 't':
			err = d.ident("rue")
		case c == 'f':
			err = d.ident("alse")
		case c == '-' || c >= '0' && c <= '9':
			d.next('-')
			err = d.skipNumber()
		case c == '"':
			err = d.skipString()
		case c == '[' || c == '{':
			d.pos++
			open = append(open, c)
			opened = true
		default:
			err = d.peekError("expected value")
		}
		if err != nil {
			return err
		}
		if open, err = d.skipBetween(open, opened); err != nil || len(open) == 0 {
			return err
		}
	}
}

// skipBetween closes what ends here and reads what stands before the next
// value: a comma, and in an object its key and colon.
func (d *Decoder) skipBetween(open []byte, first bool) ([]byte, error) {
	for len(open) > 0 {
		inner := open[len(open)-1]
		end, eof, unexpected := byte(']'), "EOF while parsing a list", "expected `,` or `]`"
		if inner == '{' {
			end, eof, unexpected = '}', "EOF while parsing an object", "expected `,` or `}`"
		}
		c, ok := d.peek()
		switch {
		case !ok:
			return open, d.peekError(eof)
		case c == end:
			d.pos++
			open, first = open[:len(open)-1], false
			continue
		case c == ',' && !first:
			d.pos++
		case !first:
			return open, d.peekError(unexpected)
		}
		if inner == '[' {
			return open, nil
		}
		return open, d.skipKey()
	}
	return open, nil
}

func (d *Decoder) skipKey() error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing an object")
	case c != '"':
		return d.peekError("key must be a string")
	}
	if err := d.skipString(); err != nil {
		return err
	}
	return d.colon()
}

func (d *Decoder) skipString() error {
	d.pos++
	for d.pos < len(d.buf) {
		c := d.buf[d.pos]
		switch {
		case c == '"':
			d.pos++
			return nil
		case c < 0x20:
			return d.errorAt("%s", controlCharacter)
		case c != '\\':
			d.pos++
			continue
		}
		d.pos++
		if d.pos == len(d.buf) {
			break
		}
		c = d.buf[d.pos]
		d.pos++
		if c == 'u' {
			if _, err := d.hex(); err != nil {
				return err
			}
		} else if _, ok := plainEscape(c); !ok {
			return d.errorAt("invalid escape")
		}
	}
	return d.errorAt("EOF while parsing a string")
}

func (d *Decoder) skipNumber() error {
	_, err := d.scanNumber()
	return err
}
