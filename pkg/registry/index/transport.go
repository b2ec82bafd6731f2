package index

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// mostRedirects is how many redirections are followed, as curl does.
const mostRedirects = 30

// request is a request for one file.
type request struct {
	url string
	// authorization goes to the host of the URL only, not to where that
	// redirects.
	authorization string
}

// transport makes requests under the settings of [http].
type transport struct {
	// direct speaks to servers, be it through tunnels; forward to the HTTP proxy
	// that forwards requests.
	direct, forward *http.Transport
	proxies         proxies
	// tls and proxyTLS read the certificates of authorities, which takes longer
	// than all else: only where TLS is spoken.
	tls, proxyTLS func() tlsSettings
	userAgent     string
	timeout       time.Duration
	lowSpeed      int64
	received      atomic.Int64
	dial          func(ctx context.Context, network, address string) (net.Conn, error)
}

// newTransport returns the transport that the settings of [http] ask for. It
// is the one place that knows them.
func (c *Client) newTransport(ctx context.Context, settings config.HTTP) *transport {
	t := &transport{
		proxies:   proxies{c.Config, settings.Proxy},
		tls:       sync.OnceValue(func() tlsSettings { return c.serverTLS(settings) }),
		proxyTLS:  sync.OnceValue(func() tlsSettings { return c.proxyTLS(settings) }),
		userAgent: c.UserAgent,
		timeout:   c.timeout(settings),
		lowSpeed:  defaultLowSpeed,
		dial:      c.dial,
	}
	if t.proxies.configured == nil {
		t.proxies.configured = c.gitProxy(ctx)
	}
	if settings.UserAgent != nil {
		t.userAgent = *settings.UserAgent
	}
	if settings.LowSpeedLimit != nil {
		t.lowSpeed = *settings.LowSpeedLimit
	}
	if t.dial == nil {
		t.dial = (&net.Dialer{}).DialContext
	}
	t.direct = &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return t.open(ctx, "http", address)
		},
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return t.open(ctx, "https", address)
		},
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: longestHead,
	}
	toProxy := func(ctx context.Context, _, _ string) (net.Conn, error) {
		// One proxy forwards whatever is forwarded.
		proxy, err := parseProxy(t.proxies.name("http"))
		if err != nil {
			return nil, err
		}
		return t.openProxy(ctx, proxy)
	}
	t.forward = &http.Transport{
		Proxy:                  func(req *http.Request) (*url.URL, error) { return t.proxies.forwarder(req.URL) },
		DialContext:            toProxy,
		DialTLSContext:         toProxy,
		DisableCompression:     true,
		MaxResponseHeaderBytes: longestHead,
	}
	return t
}

func (t *transport) close() {
	t.direct.CloseIdleConnections()
	t.forward.CloseIdleConnections()
}

// get makes one attempt at a request and follows where it is redirected.
func (t *transport) get(ctx context.Context, req request) (*response, error) {
	ctx, cancel := t.bound(ctx)
	defer cancel()
	at, err := weburl.Parse(req.url)
	if err != nil {
		return nil, &transferError{errMalformedURL, err.Error(), err}
	}
	first, resp := at, &response{}
	for redirects := 0; ; redirects++ {
		authorization := req.authorization
		if at.Protocol() != first.Protocol() || at.Hostname() != first.Hostname() || at.DecodedPort() != first.DecodedPort() {
			authorization = ""
		}
		location, err := t.exchange(ctx, at, authorization, resp)
		if err != nil || location == "" {
			return resp, err
		}
		if redirects == mostRedirects {
			return nil, &transferError{errTooManyRedirects, fmt.Sprintf("Maximum (%d) redirects followed", mostRedirects), nil}
		}
		if at, err = redirect(at, location); err != nil {
			return nil, err
		}
	}
}

// exchange sends one request and reads its answer into resp, whose lines it
// adds to. It returns where the answer redirects to.
func (t *transport) exchange(ctx context.Context, at *weburl.URL, authorization string, resp *response) (location string, err error) {
	req, proxied, err := t.newRequest(at, authorization)
	if err != nil {
		return "", err
	}
	through := t.direct
	if proxied {
		through = t.forward
	}
	connected := make(chan struct{}, 1)
	ctx, stop := t.watchSpeed(ctx, connected)
	defer stop()
	var header *headerConn
	answer, err := through.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			resp.address, _, _ = net.SplitHostPort(info.Conn.RemoteAddr().String())
			if header, _ = info.Conn.(*headerConn); header != nil {
				header.expect()
			}
			select {
			case connected <- struct{}{}:
			default:
			}
		},
	})))
	if err != nil {
		return "", asTransferError(ctx, err)
	}
	defer answer.Body.Close()
	resp.url, resp.code = at.Href(false), answer.StatusCode
	headers := func() []string {
		if header != nil {
			return header.headers()
		}
		return responseLines(answer)
	}
	lines := headers()
	if locations := headerValues(lines, "location"); len(locations) > 0 && answer.StatusCode/100 == 3 {
		location = locations[0]
	}
	resp.body, err = t.readBody(ctx, answer, headerValues(lines, "content-encoding"), location != "")
	// Those behind the body count too.
	resp.lines = append(resp.lines, textLines(headers())...)
	return location, err
}
