package index

import "github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"

// Config is what an index says of its registry, in its file config.json.
type Config struct {
	// Download is the template of the URLs of crates.
	Download string
	// API is the base URL of the registry's web API; nil if it has none.
	API *string
	// AuthRequired is set if all operations need a token, reading too.
	AuthRequired bool
}

// configFields are the fields of a Config in Cargo's order.
var configFields = []string{"dl", "api", "auth-required"}

// expectedConfig is how Cargo calls a Config in its errors.
const expectedConfig = "struct RegistryConfig"

// parseConfig reads a config.json. Its errors are those of Cargo's parser. A
// list of the values in their order is accepted too.
func parseConfig(data []byte) (*Config, error) {
	p := configParser{d: serdejson.NewDecoder(data)}
	err := p.d.Struct(serdejson.Struct{
		Expected: expectedConfig, Known: configFields, Required: []string{"dl"}, Member: p.value, Elements: p.list,
	})
	if err == nil {
		err = p.d.End()
	}
	if err != nil {
		return nil, err
	}
	return &p.config, nil
}

type configParser struct {
	d      *serdejson.Decoder
	config Config
}

func (p *configParser) list() error {
	for i, key := range configFields {
		more, err := p.d.Element(i == 0)
		if err != nil {
			return err
		}
		if !more {
			// The third has a default.
			if i < 2 {
				return serdejson.Errorf("invalid length %d, expected %s with 3 elements", i, expectedConfig)
			}
			break
		}
		if err := p.value(key); err != nil {
			return err
		}
	}
	return nil
}

// value reads the value of a field; others than those of a Config are passed
// over.
func (p *configParser) value(key string) (err error) {
	switch key {
	case "dl":
		p.config.Download, err = p.d.String("a string")
	case "auth-required":
		p.config.AuthRequired, err = p.d.Bool("a boolean")
	case "api":
		var absent bool
		if absent, err = p.d.Null(); absent || err != nil {
			return err
		}
		var api string
		api, err = p.d.String("a string")
		p.config.API = &api
	default:
		err = p.d.Skip()
	}
	return err
}
