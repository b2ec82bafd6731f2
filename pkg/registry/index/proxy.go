package index

import (
	"bytes"
	"context"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
	"github.com/cargo-auth/cargo-auth/internal/system"
)

// proxyFor returns the proxy for a server; nil if there is none. It is the one
// that is configured for Cargo, else for git, else the one that the environment
// names.
func (t *transport) proxyFor(server *url.URL) (*url.URL, error) {
	var name, source string
	switch {
	case t.proxy != nil: // which may be empty, for no proxy
		name, source = *t.proxy, t.proxySource
	case server.Scheme == "https":
		name, source = t.client.variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	default:
		// The upper-case HTTP_PROXY is left out: a web server sets it to what a
		// client says.
		name, source = t.client.variable("http_proxy", "all_proxy", "ALL_PROXY")
	}
	if name == "" || t.client.excludes(server) {
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

// excludes reports whether no_proxy names a server. As for Cargo a name stands
// for itself and all names below it, with or without a dot in front.
func (c *Client) excludes(server *url.URL) bool {
	list, _ := c.variable("no_proxy", "NO_PROXY")
	var entries []string
	for entry := range strings.SplitSeq(list, ",") {
		entries = append(entries, strings.TrimLeft(strings.TrimSpace(entry), "."))
	}
	host := strings.ToLower(strings.TrimSuffix(server.Hostname(), "."))
	address, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !address.IsLoopback()) {
		rules := httpproxy.Config{HTTPProxy: "proxy", HTTPSProxy: "proxy", NoProxy: strings.Join(entries, ",")}
		proxy, err := rules.ProxyFunc()(&url.URL{Scheme: server.Scheme, Host: strings.TrimSuffix(server.Host, ".")})
		return err == nil && proxy == nil
	}
	// Package httpproxy never uses a proxy for this machine; Cargo does.
	for _, entry := range entries {
		network, err := netip.ParsePrefix(entry)
		if entry == "*" || strings.EqualFold(entry, host) || err == nil && network.Contains(address) {
			return true
		}
	}
	return false
}

// parseProxy reads the address of a proxy, whose scheme is http if it has none.
// An address may hold a password, so no error repeats it.
func parseProxy(name, source string) (*url.URL, error) {
	if !strings.Contains(name, "://") {
		name = "http://" + name
	}
	name, user := cutUser(name)
	u, err := url.Parse(name)
	if err == nil && u.Port() != "" {
		_, err = strconv.ParseUint(u.Port(), 10, 16)
	}
	if err != nil || u.Hostname() == "" {
		return nil, &transferError{text: "the value of " + source + " is not the address of a proxy", spurious: true}
	}
	switch u.Scheme {
	case "http":
		if u.Port() == "" {
			// So it is for Cargo.
			u.Host = strings.TrimSuffix(u.Host, ":") + ":1080"
		}
	case "https", "socks5", "socks5h":
	default:
		return nil, &transferError{
			text:     "the proxy in " + source + " is not one of http, https, socks5 and socks5h, but of `" + u.Scheme + "`",
			spurious: true,
		}
	}
	return &url.URL{Scheme: u.Scheme, User: user, Host: u.Host}, nil
}

// cutUser takes the name and the password out of a proxy's address. Any
// character may stand in them that does not end them; package net/url is
// stricter.
func cutUser(address string) (string, *url.Userinfo) {
	scheme, rest, _ := strings.Cut(address, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return address, nil
	}
	name, password, hasPassword := strings.Cut(rest[:at], ":")
	address = scheme + "://" + rest[at+1:]
	switch {
	case name == "" && password == "":
		return address, nil
	case hasPassword:
		return address, url.UserPassword(unescaped(name), unescaped(password))
	}
	return address, url.User(unescaped(name))
}

// forwards reports whether a proxy is sent the requests for HTTP servers, and
// asked for no connection to them.
func forwards(proxy *url.URL) bool {
	return proxy != nil && (proxy.Scheme == "http" || proxy.Scheme == "https")
}

// gitProxy returns `http.proxy` of git's global settings; nil if it is not set.
// Cargo reads the usual files only, whatever GIT_CONFIG_GLOBAL or a repository
// say, and nothing at all if one of them is broken. Without git on the machine
// the files have no meaning.
func (c *Client) gitProxy(ctx context.Context) *string {
	home, _ := c.variable("HOME", "USERPROFILE")
	files := []string{filepath.FromSlash("/etc/gitconfig")}
	if xdg, _ := system.LookupEnv(c.Config.Environ, "XDG_CONFIG_HOME"); xdg != "" {
		files = append(files, filepath.Join(xdg, "git", "config"))
	} else if home != "" {
		files = append(files, filepath.Join(home, ".config", "git", "config"))
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	var proxy *string
	for _, file := range files {
		// git is not started for a file that cannot set a proxy.
		data, _ := system.ReadFile(file)
		if lower := bytes.ToLower(data); !bytes.Contains(lower, []byte("proxy")) && !bytes.Contains(lower, []byte("include")) {
			continue
		}
		output, state, err := outputOf(ctx, subprocess.Program{
			Path: "git",
			Args: []string{"config", "--file", file, "--includes", "--null", "--get", "http.proxy"},
			// No repository is meant, in which an [includeIf] could hold.
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
