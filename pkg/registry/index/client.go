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
	"path/filepath"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/jsonobject"
	"github.com/cargo-auth/cargo-auth/internal/system"
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
	// [registry.ErrNoToken] if there is none. It is called for each try of a request once
	// a registry asks for a token, with the lines of the response that did.
	//
	// The lines are nil if there was no such response, because the index was
	// read without a token and says that one is required for everything else.
	// Only if they are not nil does a credential provider have to be
	// configured. A nil Token has no tokens.
	Token func(ctx context.Context, headers []string) (config.Secret, error)

	// Progress is called when the network is asked for a file of a sparse
	// index, and what it returns when it has answered. It is never called while
	// a credential provider is asked. A nil Progress is not called.
	Progress func() (done func())

	// Now is asked when a registry names the time at which to try again. If it
	// is nil, such a time is ignored.
	Now func() time.Time
	// Stderr receives what the git that fetches a git index says if it
	// succeeds; nil drops it. What it says when it fails is in the error. It may
	// ask the user for credentials on the terminal.
	Stderr io.Writer
	// Quiet and Verbose say how much git prints. Git is quiet unless the user
	// sees progress.
	Quiet, Verbose bool

	visits map[string]*visit // by canonical index URL
	// http is [http], read once so that its warnings are not repeated.
	http *httpTable

	// Tests put these in the place of the wait before a request is tried again,
	// and of the network.
	pause func(ctx context.Context, d time.Duration) error
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

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
	switch name := e.Registry.DisplayName(); {
	case e.Rejected:
		return fmt.Sprintf("token rejected for `%s`: %v", name, e.cause)
	case e.cause == registry.ErrNoToken:
		return fmt.Sprintf("no token found for `%s`", name)
	}
	return e.cause.Error()
}

// Unwrap returns the registry's refusal of a token.
func (e *AuthorizationError) Unwrap() error {
	if !e.Rejected {
		return nil // the error has the cause's own text
	}
	return e.cause
}

// Is makes the error [registry.ErrNoToken] unless the registry refused a token.
func (e *AuthorizationError) Is(target error) bool {
	return !e.Rejected && target == registry.ErrNoToken
}

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
		if _, err := c.token(ctx, nil); errors.Is(err, registry.ErrNoToken) {
			return nil, &AuthorizationError{Registry: t.Registry, cause: err}
		} else if err != nil {
			return nil, err
		}
	}
	if _, err := c.settings(); err != nil {
		return nil, err
	}
	return config, nil
}

// Crate returns what a sparse index says of a crate: a line of JSON for each
// version. It asks as Cargo does before a build, with a token where the index
// says that all operations need one, but always asks the network and leaves
// Cargo's cache of crates alone; only config.json is cached. The registry needs
// no web API.
//
// The error is fs.ErrNotExist to errors.Is if there is no such crate, and an
// [*AuthorizationError] if there is no token for it or a refused one.
func (c *Client) Crate(ctx context.Context, t registry.Target, name string) ([]byte, error) {
	if t.Source.Kind != registry.Sparse {
		return nil, fmt.Errorf("the index of %s is a git repository, not a sparse index", t.Source)
	}
	path, err := cratePath(name)
	if err != nil {
		return nil, err
	}
	about, err := c.load(ctx, t)
	if err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	c.visit(t).needsToken = about.AuthRequired
	return c.ask(ctx, conn, t, path)
}

// cratePath returns the place of a crate in an index: by its length or its
// first letters, in lower case.
func cratePath(name string) (string, error) {
	const ordinary = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if name == "" || strings.Trim(name, ordinary) != "" {
		return "", fmt.Errorf("no crate in an index has the name `%s`", name)
	}
	name = strings.ToLower(name)
	switch len(name) {
	case 1, 2:
		return fmt.Sprintf("%d/%s", len(name), name), nil
	case 3:
		return "3/" + name[:1] + "/" + name, nil
	}
	return name[:2] + "/" + name[2:4] + "/" + name, nil
}

// load returns the configuration in the cache, or fetches it, under Cargo's
// lock of its cache.
func (c *Client) load(ctx context.Context, t registry.Target) (*Config, error) {
	registry.MarkCache(c.Config.Home)
	unlock, err := c.lockCache(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to acquire package cache lock: %w", err)
	}
	defer unlock()
	look := c.loadSparse
	if t.Source.Kind == registry.Git {
		look = c.loadGit
	}
	config, err := look(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("failed to update %s: %w", t.Source, err)
	}
	return config, nil
}

func (c *Client) loadSparse(ctx context.Context, t registry.Target) (*Config, error) {
	cached, err := system.ReadFile(filepath.Join(c.cacheDir(t.Source), configName))
	if err == nil {
		// What is damaged is fetched again.
		if config, err := parseConfig(cached); err == nil {
			return config, nil
		}
	}
	if c.offline() {
		return nil, notFoundError(configName)
	}
	data, err := c.download(ctx, t)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(data)
	if err != nil {
		return nil, err
	}
	c.writeCache(t, data)
	return config, nil
}

// notFoundError says that an index has no file of that name.
func notFoundError(name string) error {
	return &transferError{text: name + " not found", cause: fs.ErrNotExist}
}

// token returns the token for reading.
func (c *Client) token(ctx context.Context, headers []string) (config.Secret, error) {
	if c.Token == nil {
		return config.Secret{}, registry.ErrNoToken
	}
	return c.Token(ctx, headers)
}

// status tells the user what is being done.
func (c *Client) status(verb, text string) {
	c.Config.Notify(config.Message{Kind: config.Status, Verb: verb, Text: text})
}

// offline reports whether only the cache may be used.
func (c *Client) offline() bool {
	if c.Frozen || c.Offline {
		return true
	}
	// A [net] that cannot be read is reported when a request is made.
	net, err := c.net()
	return err == nil && net.Offline != nil && *net.Offline
}

// netTable is the table [net].
type netTable struct {
	Retry           *uint32 `toml:"retry"`
	Offline         *bool   `toml:"offline"`
	GitFetchWithCLI *bool   `toml:"git-fetch-with-cli"`
	SSH             struct {
		KnownHosts []config.Value[string] `toml:"known-hosts"`
	} `toml:"ssh"`
}

// net reads [net]. Programs read it before they use a client, and show its
// warnings then.
func (c *Client) net() (net netTable, err error) {
	err = c.Config.Quiet().Table("net", &net)
	return net, err
}

// httpTable is the table [http].
type httpTable struct {
	Proxy *string `toml:"proxy"`
	// LowSpeedLimit is in bytes per second, Timeout in seconds.
	LowSpeedLimit *uint32 `toml:"low-speed-limit"`
	Timeout       *uint64 `toml:"timeout"`
	// CAInfo and ProxyCAInfo are paths of certificate bundles.
	CAInfo       *config.Value[string] `toml:"cainfo"`
	ProxyCAInfo  *config.Value[string] `toml:"proxy-cainfo"`
	CheckRevoke  *bool                 `toml:"check-revoke"`
	UserAgent    *string               `toml:"user-agent"`
	Debug        *bool                 `toml:"debug"`
	Multiplexing *bool                 `toml:"multiplexing"`
	// SSLVersion is one version, or the lowest and the highest.
	SSLVersion struct {
		Only *string `toml:"."`
		Min  *string `toml:"min"`
		Max  *string `toml:"max"`
	} `toml:"ssl-version"`
}

// settings returns [http], or an error if no request may be made.
func (c *Client) settings() (httpTable, error) {
	if c.offline() {
		option := "--offline"
		if c.Frozen {
			option = "--frozen"
		}
		return httpTable{}, fmt.Errorf("attempting to make an HTTP request, but %s was specified", option)
	}
	if c.http == nil {
		var http httpTable
		if err := c.Config.Table("http", &http); err != nil {
			return httpTable{}, err
		}
		c.http = &http
	}
	return *c.http, checkSSLVersions(*c.http)
}

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
	c := &Config{Download: o.String("dl"), API: o.OptionalString("api")}
	c.AuthRequired = o.Has("auth-required") && o.Bool("auth-required")
	if err := o.Err(); err != nil {
		return nil, fmt.Errorf("%s: %v", configName, err)
	}
	return c, nil
}

// holdsMore reports whether a config.json has other fields than Cargo reads.
func holdsMore(data []byte) bool {
	o := jsonobject.Parse(data)
	known := 0
	for _, name := range []string{"dl", "api", "auth-required"} {
		if o.Has(name) {
			known++
		}
	}
	return o.Len() != known
}
