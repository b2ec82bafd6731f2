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

// Net reads [net], once, so that its warnings are not repeated.
func (c *Config) Net() (Net, error) {
	if c.net != nil {
		return *c.net, nil
	}
	t := c.openTable(parseKey("net"), "retry", "offline", "git-fetch-with-cli", "ssh")
	net := Net{
		Retry:           val(t.unsigned("retry", "u32")),
		Offline:         val(t.boolean("offline")),
		GitFetchWithCLI: val(t.boolean("git-fetch-with-cli")),
	}
	if t.has("ssh") {
		ssh := c.openTable(t.key.child("ssh"), "known-hosts")
		ssh.strings("known-hosts")
		t.err = ssh.err
	}
	if t.err != nil {
		return Net{}, t.err
	}
	c.net = &net
	return net, nil
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

// HTTP reads [http], once, so that its warnings are not repeated.
func (c *Config) HTTP() (HTTP, error) {
	if c.http != nil {
		return *c.http, nil
	}
	t := c.openTable(parseKey("http"), "proxy", "low-speed-limit", "timeout", "cainfo", "proxy-cainfo",
		"check-revoke", "user-agent", "debug", "multiplexing", "ssl-version")
	http := HTTP{
		Proxy:         val(t.text("proxy")),
		LowSpeedLimit: val(t.unsigned("low-speed-limit", "u32")),
		Timeout:       val(t.unsigned("timeout", "u64")),
		CAInfo:        t.locatedText("cainfo"),
		ProxyCAInfo:   t.locatedText("proxy-cainfo"),
		CheckRevoke:   val(t.boolean("check-revoke")),
		UserAgent:     val(t.text("user-agent")),
		Debug:         val(t.boolean("debug")),
		Multiplexing:  val(t.boolean("multiplexing")),
	}
	if t.has("ssl-version") {
		t.err = c.readSSLVersion(t.key.child("ssl-version"), &http)
	}
	if t.err != nil {
		return HTTP{}, t.err
	}
	c.http = &http
	return http, nil
}

// readSSLVersion reads a version, or a table with the lowest and the highest.
func (c *Config) readSSLVersion(k key, http *HTTP) error {
	n, err := c.find(k)
	if err != nil {
		return err
	}
	if text, d, ok := c.fromVariable(k); ok && (n == nil || n.kind != listKind && n.definition.Kind < Environment) {
		n = newString(text, &d)
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			n.kind = integerKind
		} else if text == "true" || text == "false" {
			n.kind = booleanKind
		}
	}
	switch {
	case n == nil:
		// Only a variable for one of the bounds.
		err = errors.New("expected a string or a table")
	case n.kind == stringKind:
		http.SSLVersion = &n.text
	case n.kind == tableKind:
		// Cargo does not warn of other keys in it.
		bounds := c.openTable(k, append([]string{"min", "max"}, n.names()...)...)
		http.SSLMin, http.SSLMax = val(bounds.text("min")), val(bounds.text("max"))
		err = bounds.err
	default:
		err = fmt.Errorf("expected a string or a table, but found a %s", n.kind)
	}
	if err != nil && n != nil {
		err = keyError(*n.definition, k, err)
	}
	return err
}

// AsymmetricToken reads `unstable.asymmetric-token`. Which other keys there are in
// that table changes with every release of Cargo.
func (c *Config) AsymmetricToken() (bool, error) {
	k := parseKey("unstable")
	known := []string{"asymmetric-token"}
	if n, err := c.find(k); err != nil {
		return false, err
	} else if n != nil {
		known = append(known, n.names()...)
	}
	t := c.openTable(k, known...)
	set := t.boolean("asymmetric-token")
	return set != nil && set.Val, t.err
}

// Term is the table [term]: what the user wants to see. A nil field is not
// configured.
type Term struct {
	Verbose, Quiet *bool
	// Color is "auto", "always" or "never", or anything else: it is not
	// checked here.
	Color *string
	// ProgressWhen is "auto", "always" or "never", and ProgressWidth the columns
	// of a progress line in place of the terminal's.
	ProgressWhen  *string
	ProgressWidth *int64
}

// Term reads [term]. Programs ignore the whole table if any of it is
// malformed.
func (c *Config) Term() (Term, error) {
	t := c.openTable(parseKey("term"), "verbose", "quiet", "color", "hyperlinks", "unicode", "progress")
	term := Term{
		Verbose: val(t.boolean("verbose")),
		Quiet:   val(t.boolean("quiet")),
		Color:   val(t.text("color")),
	}
	t.boolean("hyperlinks")
	t.boolean("unicode")
	if t.has("progress") {
		t.err = c.readProgress(t.key.child("progress"), &term)
	}
	if t.err != nil {
		return Term{}, t.err
	}
	return term, nil
}

// readProgress reads [term.progress].
func (c *Config) readProgress(k key, term *Term) error {
	t := c.openTable(k, "when", "width", "term-integration")
	when, width := val(t.text("when")), val(t.unsigned("width", "usize"))
	t.boolean("term-integration")
	term.ProgressWhen, term.ProgressWidth = when, width
	switch {
	case t.err != nil || when == nil || *when == "auto" || *when == "never":
		return t.err
	case *when != "always":
		return fmt.Errorf("expected auto, never or always, but found `%s`", *when)
	case width == nil:
		return errors.New("progress that is always shown needs a width")
	}
	return nil
}
