package index

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This chapter makes connections: through which proxy, in which version of TLS, and
// whose certificates to trust.

// through returns the transport to a server through a proxy, or directly if that is
// nil. It reads certificates only if a connection uses TLS.
func (t *transport) through(server, proxy *url.URL) (*http.Transport, error) {
	key := server.Scheme
	if proxy != nil {
		key += " " + proxy.String()
	}
	if made := t.open[key]; made != nil {
		return made, nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(*t.settings.Multiplexing)
	made := &http.Transport{
		DialContext:            t.client.connectTo,
		DisableCompression:     true,
		MaxResponseHeaderBytes: longestHead,
		Protocols:              protocols,
	}
	if server.Scheme == "https" {
		config, err := t.client.serverTLS(t.settings)
		if err != nil {
			return nil, err
		}
		made.TLSClientConfig = config
	}
	if proxy != nil {
		made.Proxy = http.ProxyURL(proxy)
		made.ProxyConnectHeader = http.Header{"User-Agent": {*t.settings.UserAgent}, "Proxy-Connection": {"Keep-Alive"}}
		made.OnProxyConnectResponse = refusedByProxy
	}
	if proxy != nil && proxy.Scheme == "https" {
		// `ssl-version` is not for proxies.
		config, err := t.client.newTLS(cmp.Or(t.settings.ProxyCAInfo, t.settings.CAInfo))
		if err != nil {
			return nil, err
		}
		config.ServerName = proxy.Hostname()
		made.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := t.client.connectTo(ctx, network, address)
			if err != nil {
				return nil, err
			}
			encrypted := tls.Client(conn, config)
			if err := encrypted.HandshakeContext(ctx); err != nil {
				conn.Close()
				return nil, connectionError(address, err)
			}
			return encrypted, nil
		}
	}
	t.open[key] = made
	return made, nil
}

// connectTo opens a connection. It asks no resolver for the names of this machine,
// which may lack them or know another machine by them.
func (c *Client) connectTo(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses := []string{address}
	if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		addresses = []string{net.JoinHostPort("::1", port), net.JoinHostPort("127.0.0.1", port)}
	}
	dial := c.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	for _, each := range addresses {
		var conn net.Conn
		if conn, err = dial(ctx, network, each); err == nil {
			return conn, nil
		}
	}
	return nil, connectionError(address, err)
}

// proxyFor returns the proxy for a server; nil if there is none. It is Cargo's
// setting, or else git's, or else that of the environment.
func (t *transport) proxyFor(server *url.URL) (*url.URL, error) {
	var name, source string
	switch {
	case t.proxy != nil:
		name, source = *t.proxy, t.proxySource
	case server.Scheme == "https":
		name, source = t.client.variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	default:
		// Not HTTP_PROXY, which a web server sets to a header of its client.
		name, source = t.client.variable("http_proxy", "all_proxy", "ALL_PROXY")
	}
	if name == "" || t.client.excludedFromProxy(server) {
		return nil, nil
	}
	return parseProxy(name, source)
}

// variable returns the first variable that is not empty, and its name.
func (c *Client) variable(names ...string) (value, name string) {
	for _, name := range names {
		if value, _ := system.LookupEnv(c.Config.Environ, name); value != "" {
			return value, "`" + name + "`"
		}
	}
	return "", ""
}

// excludedFromProxy reports whether no_proxy names a server. In Cargo a name stands
// for itself and all names below it, with or without a dot in front.
func (c *Client) excludedFromProxy(server *url.URL) bool {
	list, _ := c.variable("no_proxy", "NO_PROXY")
	host := strings.ToLower(strings.TrimSuffix(server.Hostname(), "."))
	address, _ := netip.ParseAddr(host)
	for entry := range strings.SplitSeq(strings.ToLower(list), ",") {
		entry = strings.TrimLeft(strings.TrimSpace(entry), ".")
		switch same, _ := netip.ParseAddr(entry); {
		case entry == "*", entry == host, address.IsValid() && same == address:
			return true
		case !address.IsValid() && strings.HasSuffix(host, "."+entry):
			return true
		}
		if network, err := netip.ParsePrefix(entry); err == nil && network.Contains(address) {
			return true
		}
	}
	return false
}

// parseProxy reads the address of a proxy, whose scheme is http if it has none. It
// may hold a password, so no error repeats it.
func parseProxy(name, source string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		scheme, rest = "http", name
	}
	scheme = strings.ToLower(scheme)
	// With a scheme that the rules do not know, a default port stays.
	u, err := weburl.Parse("proxy://" + rest)
	if err != nil || u.Hostname() == "" {
		return nil, &transferError{text: "the value of " + source + " is not the address of a proxy", spurious: true}
	}
	proxy := &url.URL{Scheme: scheme, Host: unescaped(u.Host())}
	switch scheme {
	case "http":
		if u.Port() == "" {
			proxy.Host += ":1080" // Cargo's default
		}
	case "https", "socks5", "socks5h":
	default:
		return nil, &transferError{
			text:     "the proxy in " + source + " is not one of http, https, socks5 and socks5h, but of `" + scheme + "`",
			spurious: true,
		}
	}
	if u.Password() != "" {
		proxy.User = url.UserPassword(unescaped(u.Username()), unescaped(u.Password()))
	} else if u.Username() != "" {
		proxy.User = url.User(unescaped(u.Username()))
	}
	return proxy, nil
}

// forwards reports whether a proxy gets whole requests for servers that use HTTP,
// rather than a request to connect to them.
func forwards(proxy *url.URL) bool {
	return proxy != nil && (proxy.Scheme == "http" || proxy.Scheme == "https")
}

// gitProxy returns `http.proxy` of git's settings; nil if it is not set. Cargo reads
// the three usual files, whatever GIT_CONFIG_GLOBAL or a repository say, and uses
// none of them if one is malformed. This needs git; without it nothing is set.
func (c *Client) gitProxy(ctx context.Context) *string {
	home, _ := c.variable("HOME", "USERPROFILE")
	files := []string{filepath.FromSlash("/etc/gitconfig")}
	if xdg, _ := c.variable("XDG_CONFIG_HOME"); xdg != "" {
		files = append(files, filepath.Join(xdg, "git", "config"))
	} else if home != "" {
		files = append(files, filepath.Join(home, ".config", "git", "config"))
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	var proxy *string
	for _, file := range files {
		// git need not run for a file that cannot set a proxy.
		data, _ := system.ReadFile(file)
		if lower := bytes.ToLower(data); !bytes.Contains(lower, []byte("proxy")) && !bytes.Contains(lower, []byte("include")) {
			continue
		}
		output, state, err := outputOf(ctx, subprocess.Program{
			Path: "git",
			Args: []string{"config", "--file", file, "--includes", "--null", "--get", "http.proxy"},
			// Without a repository no [includeIf] applies.
			Env: append(gitEnvironment(c.Config.Environ), "GIT_DIR="+os.DevNull),
		})
		const notSet = 1
		switch {
		case err == nil && state.Success():
			text := strings.TrimSuffix(string(output), "\x00")
			proxy = &text
		case err != nil || state.ExitCode() != notSet:
			return nil
		}
	}
	return proxy
}

// tlsVersions are the versions of TLS by their names in [http]; 0 is the default of
// package tls.
var tlsVersions = map[string]uint16{
	"default": 0,
	"tlsv1":   tls.VersionTLS10,
	"tlsv1.0": tls.VersionTLS10,
	"tlsv1.1": tls.VersionTLS11,
	"tlsv1.2": tls.VersionTLS12,
	"tlsv1.3": tls.VersionTLS13,
}

// checkSSLVersions refuses unknown versions.
func (h *httpTable) checkSSLVersions() error {
	for _, version := range []*string{h.SSLVersion.Only, h.SSLVersion.Min, h.SSLVersion.Max} {
		if version == nil {
			continue
		}
		if _, ok := tlsVersions[*version]; !ok {
			return fmt.Errorf("Invalid ssl version `%s`,choose from 'default', 'tlsv1', 'tlsv1.0', 'tlsv1.1', "+
				"'tlsv1.2', 'tlsv1.3'.", *version)
		}
	}
	return nil
}

// serverTLS returns how to connect to servers. TLS below version 1.2 never works.
// `check-revoke` has a meaning on Windows only.
func (c *Client) serverTLS(settings *httpTable) (*tls.Config, error) {
	config, err := c.newTLS(settings.CAInfo)
	if err != nil {
		return nil, err
	}
	// In Cargo a single version is the lowest.
	for _, lowest := range []*string{settings.SSLVersion.Only, settings.SSLVersion.Min} {
		if lowest != nil {
			config.MinVersion = max(config.MinVersion, tlsVersions[*lowest])
		}
	}
	// In Cargo "tlsv1" as the highest version has no effect.
	if highest := settings.SSLVersion.Max; highest != nil && *highest != "tlsv1" {
		config.MaxVersion = tlsVersions[*highest]
	}
	return config, nil
}

func (c *Client) newTLS(authorities *config.Value[string]) (*tls.Config, error) {
	roots, err := c.trusted(authorities)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, VerifyConnection: refuseWeakKeys}, nil
}

var errWeakKey = errors.New("it has an RSA key of less than 2048 bits, or its issuer has")

// refuseWeakKeys refuses short RSA keys, as Cargo does.
func refuseWeakKeys(state tls.ConnectionState) error {
	isWeak := func(c *x509.Certificate) bool {
		key, ok := c.PublicKey.(*rsa.PublicKey)
		return ok && key.N.BitLen() < 2048
	}
	for _, chain := range state.VerifiedChains {
		if !slices.ContainsFunc(chain, isWeak) {
			return nil
		}
	}
	return errWeakKey
}

// trusted returns the certificate authorities to trust: those in the configured file
// and in the directories of $SSL_CERT_DIR. If no file is configured, the system's and
// those in $SSL_CERT_FILE count too. The result is nil for those of the system alone.
// Where the environment names what does not exist, it has no effect.
func (c *Client) trusted(file *config.Value[string]) (*x509.CertPool, error) {
	path, _ := c.variable("SSL_CERT_FILE")
	dirs, _ := c.variable("SSL_CERT_DIR")
	if file != nil {
		path = c.Config.ResolvePath(file.Val, file.Definition)
	} else if _, err := os.Stat(path); err != nil {
		path = ""
	}
	if path == "" && dirs == "" {
		return nil, nil
	}
	// This comes before the system's authorities, because package x509 reads the
	// variables too, and would wait for a pipe.
	var data []byte
	if path != "" {
		var err error
		if data, err = system.ReadFile(path); err != nil {
			return nil, certificatesError(path, system.Error(err))
		}
	}
	contents, err := filesIn(filepath.SplitList(dirs))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if file == nil {
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	if path != "" {
		if err := addAuthorities(pool, data); err != nil {
			return nil, certificatesError(path, err)
		}
	}
	for _, content := range contents {
		pool.AppendCertsFromPEM(content)
	}
	return pool, nil
}

// filesIn returns the contents of the files in directories. It skips what cannot be
// read, but refuses a pipe or a device.
func filesIn(dirs []string) (contents [][]byte, err error) {
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			content, err := system.ReadFile(path)
			if errors.As(err, new(system.Refused)) {
				return nil, certificatesError(path, err)
			}
			contents = append(contents, content)
		}
	}
	return contents, nil
}

func certificatesError(path string, err error) error {
	return &transferError{text: "the certificates in " + path + " cannot be used: " + err.Error(), cause: err}
}

// addAuthorities adds the certificates in a file's content. As in Cargo one that is
// malformed makes all of them useless. One of a kind that package x509 cannot read is
// left out.
func addAuthorities(pool *x509.CertPool, data []byte) error {
	malformed := errors.New("one of them is broken")
	begun := bytes.Count(data, []byte("-----BEGIN "))
	for rest := data; ; begun-- {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		var content asn1.RawValue
		if after, err := asn1.Unmarshal(block.Bytes, &content); err != nil || len(after) > 0 {
			return malformed
		}
	}
	if begun != 0 {
		return malformed
	}
	if !pool.AppendCertsFromPEM(data) {
		return errors.New("there are none")
	}
	return nil
}
