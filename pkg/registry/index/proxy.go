package index

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// proxy returns which proxy a request goes through: `http.proxy`, or the one
// that the environment names as curl understands it. Unlike Go's own rules, a
// proxy is used for loopback addresses too.
func (c *Client) proxy(settings config.HTTP) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		name := c.proxyFor(settings, req.URL.Scheme)
		if name == "" || c.withoutProxy(req.URL.Hostname()) {
			return nil, nil
		}
		return parseProxy(name)
	}
}

// parseProxy reads the address of a proxy, whose scheme is http if it has none.
func parseProxy(name string) (*url.URL, error) {
	full := name
	if !strings.Contains(name, "://") {
		full = "http://" + name
	}
	u, err := url.Parse(full)
	if err != nil {
		return nil, &transferError{errResolveProxy, fmt.Sprintf("Unsupported proxy syntax in '%s': %s", name, urlProblem(err)), err}
	}
	switch u.Scheme {
	case "http", "https":
		if u.Port() == "" {
			// curl's port for proxies.
			u.Host += ":1080"
		}
	case "socks5", "socks5h":
	default:
		return nil, &transferError{errConnect, fmt.Sprintf("Unsupported proxy scheme for '%s'", name), nil}
	}
	return u, nil
}

// urlProblem says what is wrong with a URL in curl's words.
func urlProblem(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "IPv6"), strings.Contains(text, "missing ']'"):
		return "Bad IPv6 address"
	case strings.Contains(text, "port"):
		return "Port number was not a decimal number between 0 and 65535"
	}
	return "Bad hostname"
}

func (c *Client) proxyFor(settings config.HTTP, scheme string) string {
	if settings.Proxy != nil {
		return *settings.Proxy
	}
	// The upper-case HTTP_PROXY is left out: a web server sets it to what a
	// client says.
	variables := []string{scheme + "_proxy", "all_proxy", "ALL_PROXY"}
	if scheme == "https" {
		variables = []string{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
	}
	for _, variable := range variables {
		if value, ok := c.Config.Env(variable); ok && value != "" {
			return value
		}
	}
	return ""
}

// withoutProxy reports whether no_proxy names the host: itself, a domain above
// it, a network that holds its address, or "*".
func (c *Client) withoutProxy(host string) bool {
	list, ok := c.Config.Env("no_proxy")
	if !ok {
		list, _ = c.Config.Env("NO_PROXY")
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	address, notAddress := netip.ParseAddr(host)
	for entry := range strings.FieldsFuncSeq(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if entry == "*" {
			return true
		}
		if notAddress == nil {
			if network, err := netip.ParsePrefix(entry); err == nil && network.Contains(address) {
				return true
			}
			if other, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil && other == address {
				return true
			}
			continue
		}
		entry = strings.Trim(entry, ".")
		if host == entry || strings.HasSuffix(host, "."+entry) {
			return true
		}
	}
	return false
}
