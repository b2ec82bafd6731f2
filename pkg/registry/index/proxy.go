package index

import (
	"net/url"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// proxies knows through which proxy a server is reached: the one that is
// configured for Cargo, else for git, else the one that the environment names as
// curl understands it.
type proxies struct {
	config     *config.Config
	configured *string
}

// forServer returns the proxy for a server; nil if there is none. Unlike Go's
// own rules, a proxy is used for loopback addresses too.
func (p proxies) forServer(scheme, host string) (*url.URL, error) {
	name := p.name(scheme)
	if name == "" || isWithoutProxy(host, p.variable("no_proxy", "NO_PROXY")) {
		return nil, nil
	}
	return parseProxy(name)
}

// forwarder returns the proxy that requests for a server are sent to; nil if
// they are sent to the server, be it through a tunnel.
func (p proxies) forwarder(server *url.URL) (*url.URL, error) {
	if server.Scheme != "http" {
		return nil, nil
	}
	proxy, err := p.forServer(server.Scheme, server.Hostname())
	if err != nil || proxy == nil || isSOCKS(proxy) {
		return nil, err
	}
	return proxy, nil
}

// name returns the proxy that is meant for a scheme; a configured one may be
// empty, for none.
func (p proxies) name(scheme string) string {
	if p.configured != nil {
		return *p.configured
	}
	if scheme == "https" {
		return p.variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	}
	// The upper-case HTTP_PROXY is left out: a web server sets it to what a
	// client says.
	return p.variable("http_proxy", "all_proxy", "ALL_PROXY")
}

// variable returns the first variable that is not empty.
func (p proxies) variable(names ...string) string {
	for _, name := range names {
		if value, _ := p.config.Env(name); value != "" {
			return value
		}
	}
	return ""
}
