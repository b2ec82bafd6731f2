// Package index asks a registry's index what it says of the registry: where
// its web API is, and whether it wants a token for everything. Of a sparse
// index it also fetches what it says of a crate, see [Client.Crate]. It resolves
// no dependencies and downloads no crates.
//
// It fetches and caches as Cargo does, in Cargo's own cache, so that neither
// program asks the network for what the other has asked before. It is the only
// package of this library that talks to a network.
//
//	client := &index.Client{Config: cfg, UserAgent: "cargo-login/1.0", Token: token}
//	config, err := client.Fetch(ctx, target)
//
// The token comes from credential.Chain.ForIndex, or from wherever the caller
// has one.
package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Client fetches what indexes say of their registries. It must not be used by
// several goroutines at once.
type Client struct {
	Config *config.Config
	// Frozen and Offline keep to the cache, as does `net.offline`.
	Frozen, Offline bool
	// UserAgent names the program to the registry, unless `http.user-agent` is
	// configured.
	UserAgent string
	// Token returns the token for reading the index, or an error that is
	// [ErrNoToken] if nobody has one. It is called once a registry asks for
	// one, with the lines of the response that did.
	//
	// The lines are nil if there was no such response, because the index was
	// read without a token and says that one is required for everything else.
	// Only if they are not nil does a credential provider have to be
	// configured. A nil Token has no tokens.
	Token func(ctx context.Context, headers []string) (config.Secret, error)

	// Progress is called when the network is asked for a file of a sparse
	// index, and what it returns when it has answered: after all tries, and
	// never while a credential provider is asked. If it is nil, nobody is told.
	Progress func() (done func())

	// Now is asked when a registry names the time at which to try again. If it
	// is nil, such a time is ignored.
	Now func() time.Time
	// Stderr is the standard error of the git that fetches a git index; nil
	// drops it. An *os.File is handed to git as it is, which may ask the user
	// for credentials on the terminal.
	Stderr io.Writer
	// Quiet and Verbose say how much git prints.
	Quiet, Verbose bool

	visits map[string]*visit // by canonical index URL

	// Tests put these in the place of the wait before a request is tried again,
	// and of the network.
	pause func(ctx context.Context, d time.Duration) error
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// ErrNoToken says that a registry wants a token and nobody has one.
var ErrNoToken = errors.New("no token found")

// AuthorizationError says that a registry wants a token and did not get one,
// or not one that it takes. A login goes on with its LoginURL.
type AuthorizationError struct {
	Registry registry.Registry
	// LoginURL is where the registry says that tokens are found; empty if it
	// does not say.
	LoginURL string
	// Rejected is set if the registry refused a token.
	Rejected bool

	cause error
}

// Error says what was wrong with the token.
func (e *AuthorizationError) Error() string {
	reason := "no token found"
	if e.Rejected {
		reason = "token rejected"
	}
	message := fmt.Sprintf("%s for `%s`", reason, e.Registry.DisplayName())
	if e.cause != nil {
		return message + ": " + e.cause.Error()
	}
	return message
}

// Unwrap returns the registry's refusal.
func (e *AuthorizationError) Unwrap() error { return e.cause }

// Fetch returns what the index of a registry says: from the cache if it is
// there, else from the network.
//
// Like Cargo's login it fails for a registry without a web API, and if no
// network may be used, even though the cache has the answer.
func (c *Client) Fetch(ctx context.Context, t registry.Target) (*Config, error) {
	config, err := c.load(ctx, t)
	if err != nil {
		return nil, err
	}
	if config.API == nil {
		return nil, fmt.Errorf("%s does not support API commands", t.Source)
	}
	if config.AuthRequired {
		if _, err := c.token(ctx, nil); errors.Is(err, ErrNoToken) {
			return nil, &AuthorizationError{Registry: t.Registry}
		} else if err != nil {
			return nil, err
		}
	}
	if _, err := c.settings(); err != nil {
		return nil, err
	}
	return config, nil
}

// load returns the configuration in the cache, or fetches it, under Cargo's
// lock of its cache.
func (c *Client) load(ctx context.Context, t registry.Target) (*Config, error) {
	unlock, err := c.lockCache(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to acquire package cache lock: %w", err)
	}
	defer unlock()
	if t.Source.Kind == registry.Git {
		return c.loadGit(ctx, t)
	}
	if config := c.readCache(t.Source); config != nil {
		return config, nil
	}
	if c.offline() {
		return nil, errNotFound
	}
	data, err := c.download(ctx, t)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(data)
	if err != nil {
		return nil, err
	}
	c.writeCache(t.Source, data)
	return config, nil
}

// errNotFound says that an index has no config.json.
var errNotFound error = notFoundError(configName)

// notFoundError says that an index has no file of that name.
type notFoundError string

func (e notFoundError) Error() string { return string(e) + " not found in registry" }

// Is makes it an fs.ErrNotExist.
func (e notFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// token returns the token for reading.
func (c *Client) token(ctx context.Context, headers []string) (config.Secret, error) {
	if c.Token == nil {
		return config.Secret{}, ErrNoToken
	}
	return c.Token(ctx, headers)
}

// status tells the user what is being done.
func (c *Client) status(verb, text string) {
	if c.Config.Notify != nil {
		c.Config.Notify(config.Notice{Kind: config.Status, Verb: verb, Text: text})
	}
}
