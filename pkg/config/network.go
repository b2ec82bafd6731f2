package config

import (
	"errors"
	"fmt"
	"strconv"
)

// Net is the table [net]. A nil field is not configured.
type Net struct {
	// Retry is how often a request that failed is tried again.
	Retry *int64
	// Offline keeps to the cache.
	Offline *bool
	// GitFetchWithCLI fetches git indexes with the git program.
	GitFetchWithCLI *bool
}

// Net reads [net], once.
func (c *Config) Net() (Net, error) {
	if c.net != nil {
		return *c.net, nil
	}
	net, err := c.readNet()
	if err == nil {
		c.net = &net
	}
	return net, err
}

func (c *Config) readNet() (Net, error) {
	t, err := c.openTable(parseKey("net"), "retry", "offline", "git-fetch-with-cli", "ssh")
	if err != nil {
		return Net{}, err
	}
	var net Net
	if net.Retry, err = val(t.unsigned("retry", "u32")); err != nil {
		return Net{}, err
	}
	if net.Offline, err = val(t.boolean("offline")); err != nil {
		return Net{}, err
	}
	if net.GitFetchWithCLI, err = val(t.boolean("git-fetch-with-cli")); err != nil {
		return Net{}, err
	}
	if ok, err := t.has("ssh"); err != nil || !ok {
		return net, err
	}
	ssh, err := c.openTable(t.key.child("ssh"), "known-hosts")
	if err != nil {
		return Net{}, err
	}
	_, err = ssh.strings("known-hosts")
	return net, err
}

// HTTP is the table [http]. A nil field is not configured.
type HTTP struct {
	Proxy *string
	// LowSpeedLimit is in bytes per second, Timeout in seconds.
	LowSpeedLimit, Timeout *int64
	// CAInfo and ProxyCAInfo are paths of certificate bundles, see
	// [Config.ResolvePath].
	CAInfo, ProxyCAInfo *Value[string]
	CheckRevoke         *bool
	UserAgent           *string
	Debug               *bool
	Multiplexing        *bool
	// SSLVersion is the only version allowed, SSLMin and SSLMax the bounds if
	// they were given instead.
	SSLVersion, SSLMin, SSLMax *string
}

// HTTP reads [http], once.
func (c *Config) HTTP() (HTTP, error) {
	if c.http != nil {
		return *c.http, nil
	}
	http, err := c.readHTTP()
	if err == nil {
		c.http = &http
	}
	return http, err
}

func (c *Config) readHTTP() (HTTP, error) {
	t, err := c.openTable(parseKey("http"), "proxy", "low-speed-limit", "timeout", "cainfo", "proxy-cainfo",
		"check-revoke", "user-agent", "debug", "multiplexing", "ssl-version")
	if err != nil {
		return HTTP{}, err
	}
	var http HTTP
	for _, read := range []func() error{
		func() (err error) { http.Proxy, err = val(t.text("proxy")); return },
		func() (err error) { http.LowSpeedLimit, err = val(t.unsigned("low-speed-limit", "u32")); return },
		func() (err error) { http.Timeout, err = val(t.unsigned("timeout", "u64")); return },
		func() (err error) { http.CAInfo, err = t.locatedText("cainfo"); return },
		func() (err error) { http.ProxyCAInfo, err = t.locatedText("proxy-cainfo"); return },
		func() (err error) { http.CheckRevoke, err = val(t.boolean("check-revoke")); return },
		func() (err error) { http.UserAgent, err = val(t.text("user-agent")); return },
		func() (err error) { http.Debug, err = val(t.boolean("debug")); return },
		func() (err error) { http.Multiplexing, err = val(t.boolean("multiplexing")); return },
		func() error { return t.sslVersion(&http) },
	} {
		if err := read(); err != nil {
			return HTTP{}, err
		}
	}
	return http, nil
}

// sslVersion reads a version, or a table with the lowest and the highest.
func (t *table) sslVersion(http *HTTP) error {
	if ok, err := t.has("ssl-version"); err != nil || !ok {
		return err
	}
	k := t.key.child("ssl-version")
	n, err := t.c.find(k)
	if err != nil {
		return err
	}
	if text, d, ok := t.c.fromVariable(k); ok && (n == nil || n.kind == listKind || n.definition.Kind < Environment) {
		n = n.replaced(text, &d)
	}
	if n == nil {
		// Only a variable for one of the bounds.
		return errors.New("invalid type: Option value, expected a string or map")
	}
	switch n.kind {
	case stringKind:
		http.SSLVersion = &n.text
		return nil
	case tableKind:
		err = t.c.sslBounds(k, n, http)
	default:
		err = fmt.Errorf("invalid type: %s, expected a string or map", n.unexpected())
	}
	if err != nil {
		return fmt.Errorf("error in %s: could not load config key `%s`: %w", n.definition, k, err)
	}
	return nil
}

// replaced returns the value of a variable whose type is not known, in the
// place of n. A list is joined with it and stays one.
func (n *node) replaced(text string, d *Definition) *node {
	if text == "true" || text == "false" {
		return &node{kind: booleanKind, text: text, definition: d}
	}
	if i, err := parseInteger(text); err == nil {
		return &node{kind: integerKind, text: strconv.FormatInt(i, 10), definition: d}
	}
	if n != nil && n.kind == listKind {
		return n
	}
	return &node{kind: stringKind, text: text, definition: d}
}

// sslBounds reads the table. Cargo does not warn of other keys in it.
func (c *Config) sslBounds(k key, n *node, http *HTTP) error {
	bounds, err := c.openTable(k, append([]string{"min", "max"}, n.names()...)...)
	if err != nil {
		return err
	}
	if http.SSLMin, err = val(bounds.text("min")); err != nil {
		return err
	}
	http.SSLMax, err = val(bounds.text("max"))
	return err
}

// val drops the definition of a value.
func val[T any](value *Value[T], err error) (*T, error) {
	if err != nil || value == nil {
		return nil, err
	}
	return &value.Val, nil
}

// locatedText is text for a value whose definition is wanted too.
func (t *table) locatedText(name string) (*Value[string], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	return located(t.c, t.key.child(name), t.c.text)
}

// unsigned reads an integer of one of Rust's unsigned types.
func (t *table) unsigned(name, rustType string) (*Value[int64], error) {
	if ok, err := t.has(name); err != nil || !ok {
		return nil, err
	}
	k := t.key.child(name)
	value, err := t.c.integer(k)
	if value, err = required(k, value, err); err != nil {
		return nil, err
	}
	if i := value.Val; i < 0 || rustType == "u32" && i > 1<<32-1 {
		return nil, fmt.Errorf("error in %s: could not load config key `%s`: %w", value.Definition, k,
			fmt.Errorf("invalid value: integer `%d`, expected %s", i, rustType))
	}
	return value, nil
}
