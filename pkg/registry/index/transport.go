package index

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
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
	http      *http.Transport
	userAgent string
	timeout   time.Duration
	lowSpeed  int64
	received  atomic.Int64
	// untrusted is why no encrypted connection can be made.
	untrusted error
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

// newTransport returns the transport that the settings of [http] ask for. It
// is the one place that knows them.
func (c *Client) newTransport(settings config.HTTP) *transport {
	t := &transport{
		userAgent: c.UserAgent,
		timeout:   c.timeout(settings),
		lowSpeed:  10,
		dial:      c.Dial,
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
	var tlsConfig *tls.Config
	tlsConfig, t.untrusted = c.tlsConfig(settings)
	t.http = &http.Transport{
		Proxy:       c.proxy(settings),
		DialContext: t.dialPlain,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return t.dialTLS(ctx, network, address, tlsConfig)
		},
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    t.timeout,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: longestHead,
		ProxyConnectHeader:     http.Header{"User-Agent": {t.userAgent}, "Proxy-Connection": {"Keep-Alive"}},
		OnProxyConnectResponse: refusedTunnel,
	}
	return t
}

func (t *transport) close() { t.http.CloseIdleConnections() }

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
	req, err := t.newRequest(at, authorization)
	if err != nil {
		return "", err
	}
	connected := make(chan struct{}, 1)
	ctx, stop := t.watchSpeed(ctx, connected)
	defer stop()
	var header *headerConn
	if t.untrusted != nil && req.URL.Scheme == "https" {
		return "", t.untrusted
	}
	answer, err := t.http.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
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
		failure := asTransferError(ctx, err)
		if failure.code == errGotNothing && resp.address == "" {
			failure = &transferError{errReceive, "Proxy CONNECT aborted", err}
		}
		return "", failure
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

// refusedTunnel is the error for a proxy that does not connect to a server.
func refusedTunnel(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode/100 == 2 {
		return nil
	}
	return &transferError{errReceive, fmt.Sprintf("CONNECT tunnel failed, response %d", answer.StatusCode), nil}
}
