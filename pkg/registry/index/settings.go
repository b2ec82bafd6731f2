package index

import (
	"errors"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// offline reports whether only the cache may be used.
func (c *Client) offline() bool {
	if c.Frozen || c.Offline {
		return true
	}
	// A [net] that cannot be read is reported when a request is made.
	net, err := c.Config.Net()
	return err == nil && net.Offline != nil && *net.Offline
}

// settings returns [http], or an error if no request may be made.
func (c *Client) settings() (config.HTTP, error) {
	switch {
	case c.Frozen:
		return config.HTTP{}, errors.New("attempting to make an HTTP request, but --frozen was specified")
	case c.offline():
		return config.HTTP{}, errors.New("attempting to make an HTTP request, but --offline was specified")
	}
	http, err := c.Config.HTTP()
	if err != nil {
		return config.HTTP{}, err
	}
	return http, checkSSLVersions(http)
}

// retries returns how often a request that failed is tried again.
func (c *Client) retries() (int64, error) {
	net, err := c.Config.Net()
	if err != nil {
		return 0, err
	}
	if net.Retry == nil {
		return 3, nil
	}
	return *net.Retry, nil
}
