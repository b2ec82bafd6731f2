package credential

import (
	"github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"
)

// decodeGreeting reads a provider's first line. As with serde, an array with
// the field's value is as good as an object, and unknown fields are ignored.
func decodeGreeting(line []byte) (greeting, error) {
	var g greeting
	d := serdejson.NewDecoder(line)
	err := d.Struct(serdejson.Struct{
		Expected: "struct CredentialHello",
		Known:    []string{"v"},
		Required: []string{"v"},
		Member: func(key string) error {
			if key != "v" {
				return d.Skip()
			}
			return decodeVersions(d, &g)
		},
		Elements: func() error {
			more, err := d.Element(true)
			if err != nil {
				return err
			}
			if !more {
				return serdejson.Errorf("invalid length 0, expected struct CredentialHello with 1 element")
			}
			return decodeVersions(d, &g)
		},
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
