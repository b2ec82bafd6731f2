package index

import (
	"context"
	"fmt"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// loadGit returns the configuration in a git index.
func (c *Client) loadGit(_ context.Context, t registry.Target) (*Config, error) {
	return nil, fmt.Errorf("%s has a git index (%s), which cannot be read yet; use its sparse index, "+
		"whose URL begins with `sparse+`", t.Source, t.Source.Index)
}
