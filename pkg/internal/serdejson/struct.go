package serdejson

import "slices"

// Struct says how a value is read that must be an object or, if Elements is not
// nil, may be an array.
type Struct struct {
	// Expected is how errors call it.
	Expected string
	// Known are the fields that may stand there once, and Required those that
	// must.
	Known, Required []string
	// Member is called for each key and reads its value.
	Member func(key string) error
	// Done is called after the last member, unless it is nil.
	Done func() error
	// Elements is called once and reads elements with [Decoder.Element].
	Elements func() error
}

// Struct reads a value as s says.
func (d *Decoder) Struct(s Struct) error {
	c, ok := d.peek()
	switch {
	case !ok:
		return d.peekError("EOF while parsing a value")
	case c == '{':
		return d.structMembers(s)
	case c == '[' && s.Elements != nil:
		return d.array(s.Elements)
	default:
		return d.InvalidType(s.Expected)
	}
}

func (d *Decoder) structMembers(s Struct) error {
	seen := map[string]bool{}
	return d.object(
		func(key string) error {
			if seen[key] && slices.Contains(s.Known, key) {
				return DuplicateField(key)
			}
			seen[key] = true
			if err := d.colon(); err != nil {
				return err
			}
			return s.Member(key)
		},
		func() error {
			for _, name := range s.Required {
				if !seen[name] {
					return MissingField(name)
				}
			}
			if s.Done == nil {
				return nil
			}
			return s.Done()
		})
}
