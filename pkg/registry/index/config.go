package index

// Config is what an index says of its registry, in its file config.json.
type Config struct {
	// Download is the template of the URLs of crates.
	Download string
	// API is the base URL of the registry's web API; nil if it has none.
	API *string
	// AuthRequired is set if all operations need a token, reading too.
	AuthRequired bool
}

// expectedConfig is how Cargo calls a Config in its errors.
const expectedConfig = "struct RegistryConfig"

// parseConfig reads a config.json. Its errors are those of Cargo's parser. A
// list of the values in their order is accepted too.
func parseConfig(data []byte) (*Config, error) {
	s := &jsonScanner{data: data}
	var config Config
	err := s.config(&config)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	return &config, nil
}

func (s *jsonScanner) config(config *Config) error {
	switch c, ok := s.peek(); {
	case !ok:
		return s.peekError("EOF while parsing a value")
	case c == '{':
		return s.configObject(config)
	case c == '[':
		return s.configList(config)
	}
	return s.mismatch(expectedConfig)
}

func (s *jsonScanner) configObject(config *Config) error {
	s.at++
	seen := map[string]bool{}
	fail := func(message string) error {
		// Cargo's parser says where it is once it has looked for the end.
		_ = s.endObject()
		return s.error(message)
	}
	for first := true; ; first = false {
		key, ok, err := s.key(first)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		known := key == "dl" || key == "api" || key == "auth-required"
		if known && seen[key] {
			return fail("duplicate field `" + key + "`")
		}
		seen[key] = true
		if err := s.colon(); err != nil {
			return err
		}
		switch key {
		case "dl":
			err = s.text(&config.Download)
		case "api":
			err = s.optionalText(&config.API)
		case "auth-required":
			err = s.boolean(&config.AuthRequired)
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
	if !seen["dl"] {
		return fail("missing field `dl`")
	}
	return s.endObject()
}

func (s *jsonScanner) configList(config *Config) error {
	s.at++
	read := []func() error{
		func() error { return s.text(&config.Download) },
		func() error { return s.optionalText(&config.API) },
		func() error { return s.boolean(&config.AuthRequired) },
	}
	for i, value := range read {
		ok, err := s.element(i == 0)
		if err != nil {
			return err
		}
		if !ok {
			// The third has a default.
			if i < 2 {
				_ = s.endList()
				return s.error("invalid length " + string(rune('0'+i)) + ", expected " + expectedConfig + " with 3 elements")
			}
			break
		}
		if err := value(); err != nil {
			return err
		}
	}
	return s.endList()
}
