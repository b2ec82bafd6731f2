package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Config is what an index says of its registry, in its file config.json.
type Config struct {
	// Download is the template of the URLs of crates.
	Download string
	// API is the base URL of the registry's web API; nil if it has none.
	API *string
	// AuthRequired is set if all operations need a token, reading too.
	AuthRequired bool
}

// parseConfig reads a config.json. Fields that are not known are ignored.
func parseConfig(data []byte) (*Config, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(data, &fields)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s is not valid JSON: %v", configName, err)
	case err != nil || fields == nil:
		return nil, fmt.Errorf("%s is not a JSON object", configName)
	case fields["dl"] == nil:
		return nil, fmt.Errorf("%s has no field `dl`", configName)
	}
	var c Config
	if err := readField(fields, "dl", "text", &c.Download); err != nil {
		return nil, err
	}
	if api := fields["api"]; api != nil && string(api) != "null" {
		c.API = new(string)
		if err := readField(fields, "api", "text", c.API); err != nil {
			return nil, err
		}
	}
	if err := readField(fields, "auth-required", "true or false", &c.AuthRequired); err != nil {
		return nil, err
	}
	return &c, nil
}

// readField reads a field if it is there. The kind names what it must be.
func readField(fields map[string]json.RawMessage, name, kind string, to any) error {
	value, ok := fields[name]
	if ok && (string(value) == "null" || !utf8.Valid(value) || json.Unmarshal(value, to) != nil) {
		return fmt.Errorf("`%s` in %s is not %s", name, configName, kind)
	}
	return nil
}
