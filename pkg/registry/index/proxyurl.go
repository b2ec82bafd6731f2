package index

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// parseProxy reads the address of a proxy as curl does, whose scheme is http if
// it has none.
func parseProxy(name string) (*url.URL, error) {
	scheme, authority, problem := splitProxy(name)
	if problem != "" {
		return nil, badProxy(name, problem)
	}
	var user *url.Userinfo
	if login, rest, ok := strings.Cut(authority, "@"); ok {
		authority = rest
		if username, password, ok := strings.Cut(login, ":"); ok {
			user = url.UserPassword(unescaped(username), unescaped(password))
		} else {
			user = url.User(unescaped(login))
		}
	}
	host, port, problem := splitProxyPort(authority, scheme != "")
	if problem == "" {
		host, problem = proxyHost(host)
	}
	if problem != "" {
		return nil, badProxy(name, problem)
	}

	// curl's port for proxies.
	usual := "1080"
	switch scheme {
	case "", "http":
		scheme = "http"
	case "https":
		usual = "443"
	case "socks":
		scheme = socks4
	case socks4, socks4a, socks5, socks5h:
	default:
		return nil, &transferError{errConnect, fmt.Sprintf("Unsupported proxy scheme for '%s'", name), nil}
	}
	if port == "" {
		port = usual
	}
	return &url.URL{Scheme: scheme, User: user, Host: net.JoinHostPort(host, port)}, nil
}

func badProxy(name, problem string) error {
	return &transferError{errResolveProxy, fmt.Sprintf("Unsupported proxy syntax in '%s': %s", name, problem), nil}
}

// What curl says of a URL.
const (
	malformed   = "Malformed input to a URL function"
	badSlashes  = "Unsupported number of slashes following scheme"
	noHost      = "No host part in the URL"
	badHostname = "Bad hostname"
	badIPv6     = "Bad IPv6 address"
	badPort     = "Port number was not a decimal number between 0 and 65535"
)

// splitProxy returns the scheme of a proxy's URL, empty if it has none, and its
// authority, or what is wrong with it.
func splitProxy(name string) (scheme, authority, problem string) {
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", malformed
	}
	authority = name
	if before, after, ok := strings.Cut(name, ":/"); ok && isScheme(before) {
		scheme, authority = strings.ToLower(before), strings.TrimLeft(after, "/")
		if slashes := 1 + len(after) - len(authority); slashes > 3 {
			return "", "", badSlashes
		}
	}
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	if authority == "" {
		return "", "", noHost
	}
	return scheme, authority, ""
}

// isScheme reports whether text before a colon is a scheme.
func isScheme(text string) bool {
	for i, r := range text {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return text != ""
}

// splitProxyPort returns the host of an authority and its port, empty if it has
// none, or what is wrong with them.
func splitProxyPort(authority string, hasScheme bool) (host, port, problem string) {
	host, port, ok := strings.Cut(authority, ":")
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return "", "", badIPv6
		}
		host = authority[:end+1]
		port, ok = strings.CutPrefix(authority[end+1:], ":")
		if !ok && port != "" {
			return "", "", badPort
		}
	}
	if !ok || port == "" && hasScheme {
		return host, "", ""
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", badPort
	} else {
		port = strconv.FormatUint(n, 10)
	}
	return host, port, ""
}

// proxyHost returns a host as it is connected to.
func proxyHost(host string) (name, problem string) {
	if host == "" {
		return "", noHost
	}
	if address, ok := strings.CutPrefix(host, "["); ok {
		address = strings.Replace(strings.TrimSuffix(address, "]"), "%25", "%", 1)
		if parsed, err := netip.ParseAddr(address); err != nil || !parsed.Is6() {
			return "", badIPv6
		}
		return address, ""
	}
	host = unescaped(host)
	if strings.ContainsAny(host, " \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()%") {
		return "", badHostname
	}
	return host, ""
}
