package index

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

const (
	// longestBody bounds what is read of an answer.
	longestBody = 8 << 20
	// mostRedirects is how many redirections are followed, as curl does.
	mostRedirects = 30
)

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
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

// newTransport returns the transport that the settings of [http] ask for. It
// is the one place that knows them.
func (c *Client) newTransport(settings config.HTTP) (*transport, error) {
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
	tlsConfig, err := c.tlsConfig(settings)
	if err != nil {
		return nil, err
	}
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
		MaxResponseHeaderBytes: longestHeader,
	}
	return t, nil
}

func (t *transport) close() { t.http.CloseIdleConnections() }

// dialPlain opens a connection and keeps the headers that come over it.
func (t *transport) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &headerConn{Conn: conn}, nil
}

// connect opens a connection within the time that is allowed for it.
func (t *transport) connect(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := t.withTimeout(ctx)
	defer cancel()
	start := time.Now()
	conn, err := t.dial(ctx, network, address)
	if err != nil {
		host, port, _ := net.SplitHostPort(address)
		return nil, connectError(err, host, port, time.Since(start))
	}
	return &countingConn{conn, &t.received}, nil
}

// dialTLS opens an encrypted connection.
func (t *transport) dialTLS(ctx context.Context, network, address string, settings *tls.Config) (net.Conn, error) {
	start := time.Now()
	conn, err := t.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	settings = settings.Clone()
	settings.ServerName, _, _ = net.SplitHostPort(address)
	encrypted := tls.Client(conn, settings)
	ctx, cancel := t.withTimeout(ctx)
	defer cancel()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, handshakeError(err, time.Since(start))
	}
	if encrypted.ConnectionState().NegotiatedProtocol == "h2" {
		// HTTP/2 needs the connection itself; its headers have no spelling of
		// their own to keep.
		return encrypted, nil
	}
	return &headerConn{Conn: encrypted}, nil
}

func (t *transport) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, t.timeout)
}

// get makes one attempt at a request and follows where it is redirected.
func (t *transport) get(ctx context.Context, req request) (*response, error) {
	ctx, cancel := t.bound(ctx)
	defer cancel()
	at, err := weburl.Parse(req.url)
	if err != nil {
		return nil, &transferError{errMalformedURL, err.Error(), err}
	}
	first, resp := at, &response{url: req.url}
	for redirects := 0; ; redirects++ {
		authorization := req.authorization
		if at.Protocol() != first.Protocol() || at.Hostname() != first.Hostname() || at.DecodedPort() != first.DecodedPort() {
			authorization = ""
		}
		location, err := t.exchange(ctx, at, authorization, redirects == 0, resp)
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

// redirect returns where a Location header points to.
func redirect(from *weburl.URL, location string) (*weburl.URL, error) {
	to, err := weburl.Resolve(from, location)
	if err != nil {
		return nil, &transferError{errMalformedURL, "The redirect target URL could not be parsed: " + err.Error(), err}
	}
	switch to.Scheme() {
	case "http", "https":
		return to, nil
	case "file", "ftp":
		return nil, &transferError{errUnsupportedProtocol, fmt.Sprintf("Protocol %q disabled (in redirect)", to.Scheme()), nil}
	}
	return nil, &transferError{errUnsupportedProtocol, "The redirect target URL could not be parsed: Unsupported URL scheme", nil}
}

// exchange sends one request and reads its answer into resp, whose lines it
// adds to. It returns where the answer redirects to.
func (t *transport) exchange(ctx context.Context, at *weburl.URL, authorization string, first bool, resp *response) (location string, err error) {
	req, err := t.newRequest(at, authorization, first)
	if err != nil {
		return "", err
	}
	connected := make(chan struct{}, 1)
	ctx, stop := t.watchSpeed(ctx, connected)
	defer stop()
	var header *headerConn
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
		return "", asTransferError(ctx, err)
	}
	defer answer.Body.Close()
	resp.code = answer.StatusCode
	if header != nil {
		resp.lines = append(resp.lines, header.lines()...)
	} else {
		resp.lines = append(resp.lines, responseLines(answer)...)
	}
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		location = answer.Header.Get("Location")
	}
	resp.body, err = readBody(ctx, answer)
	return location, err
}

// newRequest returns a request with the headers that Cargo sends.
func (t *transport) newRequest(at *weburl.URL, authorization string, first bool) (*http.Request, error) {
	if scheme := at.Scheme(); scheme != "http" && scheme != "https" {
		return nil, &transferError{errUnsupportedProtocol, fmt.Sprintf("Protocol %q not supported", scheme), nil}
	}
	parsed, err := url.Parse(at.Href(true))
	if err != nil {
		return nil, &transferError{errMalformedURL, err.Error(), err}
	}
	req, err := http.NewRequest(http.MethodGet, parsed.String(), nil)
	if err != nil {
		return nil, &transferError{errMalformedURL, err.Error(), err}
	}
	req.URL.User = nil
	req.Header = http.Header{
		"accept":          {"text/plain"},
		"accept-encoding": {"deflate, gzip"},
		"cargo-protocol":  {"version=1"},
		"User-Agent":      {t.userAgent},
	}
	switch {
	case authorization != "":
		req.Header["Authorization"] = []string{authorization}
	case first && parsed.User != nil:
		password, _ := parsed.User.Password()
		req.SetBasicAuth(parsed.User.Username(), password)
	}
	return req, nil
}

// readBody reads and decodes the body of an answer.
func readBody(ctx context.Context, answer *http.Response) ([]byte, error) {
	counted := &countingReader{r: answer.Body}
	decoded, err := decode(counted, answer.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(decoded, longestBody+1))
	var known *transferError
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, asTransferError(ctx, err)
	case errors.As(err, &known):
		return nil, known
	case errors.Is(err, io.ErrUnexpectedEOF) && counted.failed:
		return nil, &transferError{errPartialFile, missing(answer, counted.n), err}
	case err != nil:
		return nil, asTransferError(ctx, err)
	case len(body) > longestBody:
		return nil, &transferError{errTooLong, fmt.Sprintf("more than %d bytes", longestBody), nil}
	}
	return body, nil
}

// missing says what is missing of an answer that broke off.
func missing(answer *http.Response, got int64) string {
	if answer.ContentLength < 0 {
		return "transfer closed with outstanding read data remaining"
	}
	return fmt.Sprintf("end of response with %d bytes missing", answer.ContentLength-got)
}

// countingReader counts what it reads and remembers whether that failed.
type countingReader struct {
	r      io.Reader
	n      int64
	failed bool
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.failed = true
		if strings.Contains(err.Error(), "invalid byte in chunk length") {
			err = &transferError{errReceive, "chunk hex-length char not a hex digit", err}
		}
	}
	return n, err
}
