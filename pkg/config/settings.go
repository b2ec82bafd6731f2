package config

import (
	"errors"
	"fmt"
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
func (c *Config) Net() (Net, error) { return once(&c.net, c.readNet) }

// once reads a table if it has not been read, so that what it warns of is said
// once.
func once[T any](known **T, read func() (T, error)) (T, error) {
	if *known != nil {
		return **known, nil
	}
	table, err := read()
	if err == nil {
		*known = &table
	}
	return table, err
}

func (c *Config) readNet() (Net, error) {
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

// HTTP reads [http], once.
func (c *Config) HTTP() (HTTP, error) { return once(&c.http, c.readHTTP) }

func (c *Config) readHTTP() (HTTP, error) {
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
		term.ProgressWhen, term.ProgressWidth, t.err = c.readProgress(t.key.child("progress"))
	}
	if t.err != nil {
		return Term{}, t.err
	}
	return term, nil
}

// readProgress reads [term.progress].
func (c *Config) readProgress(k key) (when *string, width *int64, err error) {
	t := c.openTable(k, "when", "width", "term-integration")
	when, width = val(t.text("when")), val(t.unsigned("width", "usize"))
	t.boolean("term-integration")
	switch {
	case t.err != nil:
		return nil, nil, t.err
	case when == nil || *when == "auto" || *when == "never":
		return when, width, nil
	case *when != "always":
		return nil, nil, fmt.Errorf("expected auto, never or always, but found `%s`", *when)
	case width == nil:
		return nil, nil, errors.New("progress that is always shown needs a width")
	}
	return when, width, nil
}

// UnstableKey is a key that the table [unstable] may have.
type UnstableKey struct {
	Name string
	Kind UnstableKind
	// Check refuses the text of [UnstableFeatures], the empty one always. Its
	// error says what is accepted.
	Check func(text string) error
}

// UnstableKind is what a key of the table [unstable] holds.
type UnstableKind int

const (
	// UnstableFlag is true or false.
	UnstableFlag UnstableKind = iota
	// UnstableList is a list of strings.
	UnstableList
	// UnstableFeatures is true or false, a table, or a text that lists
	// features.
	UnstableFeatures
	// UnstableOther is anything, and not read.
	UnstableOther
)

// UnstableTable is what the table [unstable] says.
type UnstableTable struct {
	// Flags are those that are set.
	Flags map[string]bool
	// Lists has the lists that are configured.
	Lists map[string][]string
}

// Unstable reads the table [unstable]. Cargo warns of keys in it that it does
// not know. It is for programs to decide whether the table counts: only some of
// Cargo's channels read it.
func (c *Config) Unstable(keys []UnstableKey) (UnstableTable, error) {
	u := UnstableTable{Flags: map[string]bool{}, Lists: map[string][]string{}}
	k := parseKey("unstable")
	if ok, err := c.configured(k); err != nil || !ok {
		return u, err
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.Name
	}
	t := c.openTable(k, names...)
	for _, key := range keys {
		if !t.has(key.Name) {
			continue
		}
		switch key.Kind {
		case UnstableFlag:
			flag := t.boolean(key.Name)
			u.Flags[key.Name] = flag != nil && flag.Val
		case UnstableList:
			u.Lists[key.Name] = []string{}
			for _, v := range t.strings(key.Name) {
				u.Lists[key.Name] = append(u.Lists[key.Name], v.Val)
			}
		case UnstableFeatures:
			t.err = c.checkFeatures(k.child(key.Name), key)
		}
	}
	if t.err != nil {
		return UnstableTable{}, t.err
	}
	return u, nil
}

// checkFeatures checks a key of the kind [UnstableFeatures].
func (c *Config) checkFeatures(k key, unstable UnstableKey) error {
	n, err := c.find(k)
	if err != nil || n == nil || n.kind == booleanKind || n.kind == tableKind {
		return err
	}
	var wrong error
	if n.kind == stringKind {
		wrong = unstable.Check(n.text)
	} else {
		wrong = fmt.Errorf("found a %s, expected %v", n.kind, unstable.Check(""))
	}
	if wrong != nil {
		return keyError(*n.definition, k, wrong)
	}
	return nil
}
