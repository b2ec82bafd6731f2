package index

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// loadGit returns the configuration in the cached git index; if it is not there
// or cannot be read, that in the index as it is after a fetch.
func (c *Client) loadGit(ctx context.Context, t registry.Target) (*Config, error) {
	repository := gitRepository{
		dir:    filepath.Join(c.cacheDir(t.Source), ".git"),
		env:    gitEnvironment(c.Config.Environ),
		stderr: c.Stderr,
	}
	if err := repository.open(); err != nil {
		return nil, err
	}
	c.makeCacheRoot()
	data, err := repository.read(ctx, configName)
	switch {
	case err == nil:
		return parseConfig(data)
	case ctx.Err() != nil, errors.Is(err, errNoGit):
		return nil, err
	case c.offline():
		// Cargo panics, unless the configuration is cached: then it says this.
		_, err := c.settings()
		return nil, err
	case errors.Is(err, errDamaged):
		if err := repository.renew(); err != nil {
			return nil, err
		}
	}
	if err := c.updateGit(ctx, t.Source, &repository); err != nil {
		return nil, fmt.Errorf("failed to update %s: %w", t.Source, err)
	}
	data, err = repository.read(ctx, configName)
	switch {
	case errors.Is(err, errDamaged), errors.Is(err, errNotFetched):
		return nil, fmt.Errorf("failed to read what git has fetched: %w", err)
	case err != nil:
		return nil, err
	}
	return parseConfig(data)
}

// updateGit fetches the index into its repository.
func (c *Client) updateGit(ctx context.Context, source registry.Registry, r *gitRepository) error {
	// What is wrong with [http] is found before anything is announced, even if
	// only git makes requests.
	http, err := c.settings()
	if err != nil {
		return err
	}
	c.status("Updating", source.IndexName())
	if err := c.fetchGit(ctx, source.Index, r, http); err != nil {
		return fmt.Errorf("failed to fetch `%s`: %w", source.Index, err)
	}
	return nil
}
