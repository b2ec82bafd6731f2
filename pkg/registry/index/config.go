package index

import (
	"fmt"

	"github.com/cargo-auth/cargo-auth/pkg/internal/jsonobject"
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

// parseConfig reads a config.json.
func parseConfig(data []byte) (*Config, error) {
	o := jsonobject.Parse(data)
	c := &Config{Download: o.String("dl"), API: o.OptionalString("api"), AuthRequired: o.OptionalBool("auth-required")}
	if err := o.Err(); err != nil {
		return nil, fmt.Errorf("%s: %v", configName, err)
	}
	return c, nil
}
