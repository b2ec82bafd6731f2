// Package index asks a registry's index for its config.json: where the registry's
// web API is, and whether every operation needs a token. From a sparse index it also
// gets the versions of a crate, see [Client.Crate]. It resolves no dependencies and
// downloads no crates.
//
// It fetches as Cargo does, and into Cargo's own cache, so that neither asks the
// network for what the other has there. No other package of this library uses the
// network.
//
//	client := &index.Client{Config: cfg, Registry: r, UserAgent: "example/1.0", Token: chain.ForIndex(r)}
//	about, err := client.Fetch(ctx)
package index

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Client asks the index of one registry. It is not safe for concurrent use.
type Client struct {
	Config   *config.Config
	Registry registry.Registry
	// Frozen and Offline keep to the cache, as `net.offline` does.
	Frozen, Offline bool
	// UserAgent names the program to the registry, unless `http.user-agent` is
	// configured.
	UserAgent string
	// Token returns the token for reading the index; its error is
	// [registry.ErrNoToken] if there is none. It is called for each try of a request
	// that needs a token, and then a credential provider has to be configured.
	//
	// Without a challenge no provider has to be: the index could be read, and says
	// that everything else needs a token. A nil Token has no tokens.
	Token func(ctx context.Context, challenge *registry.Challenge) (config.Secret, error)

	// Progress is called when a request for a file of a sparse index begins, and its
	// result when that has ended. No credential provider runs in between. It may be
	// nil.
	Progress func() (done func())

	// Stderr gets what git prints when it has fetched an index; a nil Stderr drops
	// it. What git prints when it fails is in the error. It may ask the user for
	// credentials on the terminal.
	Stderr io.Writer
	// Quiet and Verbose are git's options. Cargo sets Quiet unless the user sees
	// progress.
	Quiet, Verbose bool

	http *httpTable
	// isAnnounced says that the user knows that the network is asked.
	isAnnounced bool
	// needsToken says that requests are sent with a token.
	needsToken bool
	// challenge is the response that asked for a token, and loginURL the address in it.
	challenge registry.Challenge
	loginURL  string

	// Tests replace the wait before a request is tried again, and the network.
	pause func(ctx context.Context, d time.Duration) error
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// Fetch returns the config.json of the index, from the cache or else from
// the network.
//
// As in a login with Cargo, a registry without a web API is an error, and so is to
// be offline, even if the cache has the answer. The error is an
// [*AuthorizationError] if there is no token that the registry takes.
func (c *Client) Fetch(ctx context.Context) (*Config, error) {
	about, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	if about.API == nil {
		return nil, fmt.Errorf("registry `%s` does not support API commands", c.Registry)
	}
	if about.AuthRequired {
		if _, err := c.token(ctx, nil); errors.Is(err, registry.ErrNoToken) {
			return nil, &AuthorizationError{Registry: c.Registry, cause: err}
		} else if err != nil {
			return nil, err
		}
	}
	if _, err := c.readHTTP(); err != nil {
		return nil, err
	}
	return about, nil
}

// Crate returns what a sparse index says of a crate: a line of JSON for each
// version. Like Cargo before a build it sends a token if the index says that every
// operation needs one. It always asks the network, and leaves Cargo's cache of
// crates alone. The registry needs no web API.
//
// The error is fs.ErrNotExist to errors.Is if the index has no such crate, and an
// [*AuthorizationError] if there is no token that the registry takes.
func (c *Client) Crate(ctx context.Context, name string) ([]byte, error) {
	if !c.Registry.IsSparse() {
		return nil, fmt.Errorf("the index of registry `%s` is a git repository, not a sparse index", c.Registry)
	}
	path, err := cratePath(name)
	if err != nil {
		return nil, err
	}
	about, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	c.needsToken = about.AuthRequired
	return c.get(ctx, conn, path)
}

// cratePath returns the path of a crate's file in an index. It begins with the
// length of a short name, or the first letters of a longer one, in lower case.
func cratePath(name string) (string, error) {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if name == "" || strings.Trim(name, allowed) != "" {
		return "", fmt.Errorf("a crate cannot have the name `%s`", name)
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

// load returns the config.json in the cache, or else fetches it. It holds Cargo's
// lock of the cache.
func (c *Client) load(ctx context.Context) (*Config, error) {
	unlock, err := c.lockCache(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to acquire package cache lock: %w", err)
	}
	defer unlock()
	load := c.loadGit
	if c.Registry.IsSparse() {
		load = c.loadSparse
	}
	about, err := load(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to update registry `%s`: %w", c.Registry, err)
	}
	return about, nil
}

func (c *Client) token(ctx context.Context, challenge *registry.Challenge) (config.Secret, error) {
	if c.Token == nil {
		return config.Secret{}, registry.ErrNoToken
	}
	return c.Token(ctx, challenge)
}

// say tells the user something.
func (c *Client) say(kind config.MessageKind, verb, format string, args ...any) {
	c.Config.Notify(config.Message{Kind: kind, Verb: verb, Text: untrusted.Sprintf(format, args...)})
}

// announce tells the user, once, that the network is asked.
func (c *Client) announce() {
	switch {
	case c.isAnnounced:
	case c.Registry.IsCratesIO():
		c.say(config.Status, "Updating", "crates.io index")
	default:
		c.say(config.Status, "Updating", "`%s` index", c.Registry)
	}
	c.isAnnounced = true
}

// Config is a config.json, in which an index describes its registry.
type Config struct {
	// Download is the template of the URLs of crates.
	Download string
	// API is the base URL of the registry's web API; nil if it has none.
	API *string
	// AuthRequired says that all operations need a token, even reading.
	AuthRequired bool
}

// configName is the name of the file in the root of an index.
const configName = "config.json"

// parseConfig also returns whether the file has fields that Cargo does not read.
func parseConfig(data []byte) (about *Config, hasMore bool, err error) {
	o := untrusted.ParseObject(data)
	about = &Config{Download: o.String("dl"), API: o.OptionalString("api")}
	about.AuthRequired = o.Has("auth-required") && o.Bool("auth-required")
	if err := o.Err(); err != nil {
		return nil, false, fmt.Errorf("%s: %v", configName, err)
	}
	known := 0
	for _, name := range []string{"dl", "api", "auth-required"} {
		if o.Has(name) {
			known++
		}
	}
	return about, o.Len() != known, nil
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

// readNet reads [net]. Programs read it before they use a client, and show its
// warnings then.
func (c *Client) readNet() (netTable, error) {
	retry, offline, withCLI := uint32(3), false, false
	net := netTable{Retry: &retry, Offline: &offline, GitFetchWithCLI: &withCLI}
	err := c.Config.Quiet().Table("net", &net)
	return net, err
}

// isOffline reports whether only the cache may be used.
func (c *Client) isOffline() bool {
	if c.Frozen || c.Offline {
		return true
	}
	// An error in [net] is for whoever makes a request.
	net, err := c.readNet()
	return err == nil && *net.Offline
}

// httpTable is the table [http].
type httpTable struct {
	Proxy *string `toml:"proxy"`
	// LowSpeedLimit is in bytes, TimeoutSeconds the time in which at least as many
	// have to arrive.
	LowSpeedLimit  *uint32 `toml:"low-speed-limit"`
	TimeoutSeconds *uint64 `toml:"timeout"`
	// CAInfo and ProxyCAInfo are paths of files with certificates.
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

// readHTTP reads [http] once. It is an error to ask for it while offline.
func (c *Client) readHTTP() (*httpTable, error) {
	if c.isOffline() {
		option := "--offline"
		if c.Frozen {
			option = "--frozen"
		}
		return nil, fmt.Errorf("attempting to make an HTTP request, but %s was specified", option)
	}
	if c.http != nil {
		return c.http, nil
	}
	limit, seconds, multiplexing, userAgent := uint32(10), uint64(30), true, c.UserAgent
	text, _ := system.LookupEnv(c.Config.Environ, "HTTP_TIMEOUT")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		seconds = uint64(n)
	}
	http := &httpTable{LowSpeedLimit: &limit, TimeoutSeconds: &seconds, Multiplexing: &multiplexing, UserAgent: &userAgent}
	if err := c.Config.Table("http", http); err != nil {
		return nil, err
	}
	if err := http.checkSSLVersions(); err != nil {
		return nil, err
	}
	c.http = http
	return http, nil
}

// timeout returns [http]'s timeout, which may be too long for a duration.
func (h *httpTable) timeout() time.Duration {
	return time.Duration(min(*h.TimeoutSeconds, 1<<31)) * time.Second
}

// cacheDir returns the directory in which Cargo caches the index.
func (c *Client) cacheDir() string {
	return filepath.Join(c.Config.Home, "registry", "index", cacheName(c.Registry.Source()))
}

// lockCache takes Cargo's lock of its caches. A home that cannot be written needs
// none.
func (c *Client) lockCache(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(c.Config.Home, ".package-cache")
	var f *os.File
	if err = os.MkdirAll(c.Config.Home, 0o777); err == nil {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to open: %s: %w", path, system.Error(err))
	}
	err = system.Exclusive(ctx, f, func() {
		c.say(config.Status, "Blocking", "waiting for file lock on package cache")
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("failed to lock file: %s: %w", path, system.Error(err))
	}
	return func() { f.Close() }, nil
}

// cacheName returns the name of the directory in which Cargo caches an index: the
// host in its URL, and a hash of the URL.
func cacheName(source registry.Registry) string {
	data := []byte{3}
	if !source.IsSparse() {
		data[0] = 2
	}
	data = append(data, source.Canonical()...)
	a, b := sipHash(append(data, 0xff))
	hash := binary.LittleEndian.AppendUint64(nil, a*3+b)
	host := ""
	if u, err := weburl.Parse(source.Index()); err == nil {
		host = u.Hostname()
	}
	return host + "-" + hex.EncodeToString(hash)
}

// sipHash is SipHash-1-3 with a 128-bit result and zero keys. Cargo uses it for
// hashes that stay the same in all its versions.
func sipHash(data []byte) (a, b uint64) {
	v := sipState{0x736f6d6570736575, 0x646f72616e646f6d ^ 0xee, 0x6c7967656e657261, 0x7465646279746573}
	length := len(data)
	for len(data) >= 8 {
		v.absorb(binary.LittleEndian.Uint64(data))
		data = data[8:]
	}
	var last [8]byte
	copy(last[:], data)
	last[7] = byte(length)
	v.absorb(binary.LittleEndian.Uint64(last[:]))
	v[2] ^= 0xee
	for range 3 {
		v.round()
	}
	a = v[0] ^ v[1] ^ v[2] ^ v[3]
	v[1] ^= 0xdd
	for range 3 {
		v.round()
	}
	return a, v[0] ^ v[1] ^ v[2] ^ v[3]
}

type sipState [4]uint64

func (v *sipState) absorb(word uint64) {
	v[3] ^= word
	v.round()
	v[0] ^= word
}

func (v *sipState) round() {
	v[0] += v[1]
	v[2] += v[3]
	v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
	v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
	v[0] = bits.RotateLeft64(v[0], 32)
	v[2] += v[1]
	v[0] += v[3]
	v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
	v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
	v[2] = bits.RotateLeft64(v[2], 32)
}
