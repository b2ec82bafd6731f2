package credential

import (
	"github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"
)

// decodeGreeting reads a provider's first line. As with serde, an array with
// the field's value is as good as an object, and unknown fields are ignored.
func decodeGreeting(line []byte) (greeting, error) {
	var g greeting
	d := serdejson.NewDecoder(line)
	seen := false
	err := d.Struct("struct CredentialHello",
		func(key string) error {
			if key == "v" && seen {
				return serdejson.DuplicateField("v")
			}
			if err := d.Colon(); err != nil {
				return err
			}
			if key != "v" {
				return d.Skip()
			}
			seen = true
			return decodeVersions(d, &g)
		},
		func() error {
			if !seen {
				return serdejson.MissingField("v")
			}
			return nil
		},
		func() error {
			more, err := d.Element(true)
			if err != nil {
				return err
			}
			if !more {
				return serdejson.Errorf("invalid length 0, expected struct CredentialHello with 1 element")
			}
			return decodeVersions(d, &g)
		})
	if err == nil {
		err = d.End()
	}
	return g, err
}

func decodeVersions(d *serdejson.Decoder, g *greeting) error {
	return d.Array("a sequence", func() error {
		v, err := d.Uint32()
		g.Versions = append(g.Versions, v)
		return err
	})
}
