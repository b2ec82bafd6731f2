package index

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
)

// The bounds of an answer. All but the last two are Cargo's.
const (
	mostRedirects = 30
	mostHeaders   = 5000
	longestHeader = 100 << 10
	longestHead   = 300 << 10
	// mostEncodings is how often a body may be encoded.
	mostEncodings = 5
	// longestBody is that of a body before and after it is decoded.
	longestBody = 8 << 20
)

// transport makes requests under the settings of [http].
type transport struct {
	client    *Client
	settings  httpTable
	userAgent string
	// proxy is the configured proxy, and proxySource where it is configured; nil
	// leaves it to the environment.
	proxy       *string
	proxySource string
	// timeout is how long less than lowSpeed bytes may arrive.
	timeout  time.Duration
	lowSpeed int64
	received atomic.Int64
	// open is what makes requests, by how servers are reached.
	open map[string]*http.Transport
}

func (c *Client) newTransport(ctx context.Context, settings httpTable) *transport {
	t := &transport{
		client:      c,
		settings:    settings,
		userAgent:   c.UserAgent,
		proxy:       settings.Proxy,
		proxySource: "`http.proxy`",
		timeout:     c.timeout(settings),
		lowSpeed:    lowSpeed(settings),
		open:        map[string]*http.Transport{},
	}
	if t.proxy == nil {
		t.proxy, t.proxySource = c.gitProxy(ctx), "git's `http.proxy`"
	}
	if settings.UserAgent != nil {
		t.userAgent = *settings.UserAgent
	}
	return t
}

func (t *transport) close() {
	for _, each := range t.open {
		each.CloseIdleConnections()
	}
}

// timeout returns how long too little may arrive.
func (c *Client) timeout(settings httpTable) time.Duration {
	seconds := int64(30)
	if settings.Timeout != nil {
		seconds = int64(*settings.Timeout)
	} else if text, ok := system.LookupEnv(c.Config.Environ, "HTTP_TIMEOUT"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			seconds = n
		}
	}
	return time.Duration(min(seconds, 1<<31)) * time.Second
}

// lowSpeed returns how many bytes are too little.
func lowSpeed(settings httpTable) int64 {
	if settings.LowSpeedLimit != nil {
		return int64(*settings.LowSpeedLimit)
	}
	return 10
}

// get makes one attempt at a request and follows where it is redirected.
func (t *transport) get(ctx context.Context, target, authorization string) (*response, error) {
	ctx, stop := t.watch(ctx)
	defer stop()
	at, err := weburl.Parse(target)
	if err != nil {
		return nil, err
	}
	first, resp := at, &response{header: http.Header{}}
	for range mostRedirects + 1 {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		token := authorization
		if at.Protocol() != first.Protocol() || at.Hostname() != first.Hostname() || at.DecodedPort() != first.DecodedPort() {
			// It is for the registry, not for where that points to.
			token = ""
		}
		location, err := t.exchange(ctx, at, token, resp)
		if err != nil || location == "" {
			return resp, err
		}
		if at, err = weburl.Resolve(at, location); err != nil {
			return nil, &transferError{text: "the registry redirects to what is no URL", cause: err}
		}
	}
	return nil, &transferError{text: fmt.Sprintf("the registry redirects more than %d times", mostRedirects)}
}

// watch ends a request for which too little arrives, from the first connection
// to the last byte, and one that takes very long in all.
func (t *transport) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	longest := min(max(20*t.timeout, time.Minute), time.Hour)
	ctx, stop := context.WithTimeoutCause(ctx, longest, &transferError{
		text: fmt.Sprintf("the transfer has not ended after %v", longest), spurious: true, cause: context.DeadlineExceeded,
	})
	if t.lowSpeed == 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithCancelCause(ctx)
	tooSlow := func(transferred int64) {
		cancel(&transferError{
			text: fmt.Sprintf("transfer too slow: failed to transfer more than %d bytes in %ds (transferred %d bytes)",
				t.lowSpeed, int64(t.timeout.Seconds()), transferred),
			spurious: true, cause: context.DeadlineExceeded,
		})
	}
	if t.timeout == 0 {
		tooSlow(0)
		return ctx, stop
	}
	go func() {
		ticker := time.NewTicker(t.timeout)
		defer ticker.Stop()
		for before := t.received.Load(); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := t.received.Load()
			if now-before < t.lowSpeed {
				tooSlow(now - before)
				return
			}
			before = now
		}
	}()
	return ctx, stop
}

// exchange sends one request and reads its answer into resp, whose header it
// adds to. It returns where the answer redirects to.
func (t *transport) exchange(ctx context.Context, at *weburl.URL, authorization string, resp *response) (location string, err error) {
	if scheme := at.Scheme(); scheme != "http" && scheme != "https" {
		return "", wrongProtocol(at)
	}
	server := &url.URL{Scheme: at.Scheme(), Host: at.Host()}
	proxy, err := t.proxyFor(server)
	if err != nil {
		return "", err
	}
	through, err := t.through(server, proxy)
	if err != nil {
		return "", err
	}
	e := exchange{server: server, proxy: proxy}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: e.connected})
	answer, err := through.RoundTrip(t.newRequest(server, proxy, at, authorization).WithContext(ctx))
	if err != nil {
		return "", e.explain(ctx, err)
	}
	defer answer.Body.Close()
	e.answered = true
	resp.url, resp.address, resp.code = at.Href(false), e.address, answer.StatusCode
	lines := 0
	for name, values := range answer.Header {
		resp.header[name] = append(resp.header[name], values...)
		lines += len(values)
		if lines > mostHeaders || len(strings.Join(values, "")) > longestHeader {
			return "", &transferError{text: fmt.Sprintf("the answer has more than %d headers, or one of more than %d bytes", mostHeaders, longestHeader)}
		}
	}
	if answer.StatusCode/100 == 3 {
		if len(slices.Compact(answer.Header.Values("Location"))) > 1 {
			return "", &transferError{text: "the registry redirects to several places at once"}
		}
		if location := answer.Header.Get("Location"); location != "" {
			return location, nil
		}
	}
	data, err := io.ReadAll(io.LimitReader(&counter{answer.Body, &t.received}, longestBody+1))
	if err != nil {
		return "", e.explain(ctx, err)
	}
	resp.body, err = decode(ctx, data, answer.Header.Values("Content-Encoding"), answer.StatusCode == http.StatusOK)
	return "", err
}

func wrongProtocol(at *weburl.URL) error {
	return &transferError{text: fmt.Sprintf("`%s` is not http or https", at.Scheme())}
}

// newRequest returns a request with the headers that Cargo sends.
func (t *transport) newRequest(server, proxy *url.URL, at *weburl.URL, authorization string) *http.Request {
	req := &http.Request{
		Method: http.MethodGet,
		URL:    &url.URL{Scheme: server.Scheme, Host: server.Host},
		Header: http.Header{
			"accept":          {"text/plain"},
			"accept-encoding": {"deflate, gzip"},
			"cargo-protocol":  {"version=1"},
			"User-Agent":      {t.userAgent},
		},
	}
	// The path goes out as it is; package net/url would encode it further.
	switch target := at.Pathname() + at.Search(); {
	case server.Scheme == "http" && forwards(proxy):
		req.Header["Proxy-Connection"] = []string{"Keep-Alive"}
		req.URL.Opaque = "//" + at.Host() + target
	case strings.HasPrefix(target, "//"):
		// As an opaque text this would be taken for a host.
		req.URL.Path, req.URL.RawPath = unescaped(at.Pathname()), at.Pathname()
		req.URL.RawQuery = strings.TrimPrefix(at.Search(), "?")
	default:
		req.URL.Opaque = target
	}
	if authorization != "" {
		req.Header["Authorization"] = []string{authorization}
	} else if at.Username() != "" || at.Password() != "" {
		req.SetBasicAuth(unescaped(at.Username()), unescaped(at.Password()))
	}
	return req
}

// unescaped returns a part of a URL without its percent-encoding, or as it is
// if that is wrong.
func unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// through returns what makes requests for a server through a proxy, or directly
// if that is nil. It reads certificates only where TLS is spoken.
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
	protocols.SetHTTP2(t.settings.Multiplexing == nil || *t.settings.Multiplexing)
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
		made.ProxyConnectHeader = http.Header{"User-Agent": {t.userAgent}, "Proxy-Connection": {"Keep-Alive"}}
		made.OnProxyConnectResponse = refusedByProxy
	}
	if proxy != nil && proxy.Scheme == "https" {
		config, err := t.client.proxyTLS(t.settings, proxy)
		if err != nil {
			return nil, err
		}
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

// connectTo opens a connection. For a name of this machine no resolver is
// asked: it might know another machine of that name, or none.
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

// counter counts what arrives.
type counter struct {
	io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// decode undoes the encodings of a body, which are those that were offered. Of a
// body that is no whole success only the beginning is of use.
func decode(ctx context.Context, data []byte, headers []string, whole bool) ([]byte, error) {
	encodings := strings.FieldsFunc(strings.ToLower(strings.Join(headers, ",")), func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t'
	})
	if len(encodings) > mostEncodings {
		return nil, &transferError{text: fmt.Sprintf("the answer is encoded more than %d times", mostEncodings)}
	}
	for i := len(encodings) - 1; i >= 0 && len(data) > 0 && len(data) <= longestBody; i-- {
		var err error
		data, err = undo(ctx, encodings[i], data)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			return nil, &transferError{text: "the answer's encoding cannot be undone: " + err.Error(), cause: err}
		}
	}
	switch {
	case len(data) <= longestBody:
		return data, nil
	case whole:
		return nil, &transferError{text: fmt.Sprintf("the answer has more than %d bytes", longestBody)}
	}
	return bytes.ToValidUTF8(data[:longestBody], nil), nil
}

// untilEnd reads until its context ends. A small body may take long to decode.
type untilEnd struct {
	ctx context.Context
	*bytes.Reader
}

func (r untilEnd) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// undo undoes one encoding. Of a body whose end is missing it returns what is
// there.
func undo(ctx context.Context, encoding string, data []byte) ([]byte, error) {
	var decoded io.Reader
	var err error
	encoded, checksum := untilEnd{ctx, bytes.NewReader(data)}, 0
	switch encoding {
	case "identity", "none":
		return data, nil
	case "gzip", "x-gzip":
		var one *gzip.Reader
		if one, err = gzip.NewReader(encoded); err == nil {
			one.Multistream(false)
			decoded = one
		}
	case "deflate":
		decoded, err = zlib.NewReader(encoded)
		if errors.Is(err, zlib.ErrHeader) {
			// Some servers take the name at its word, but for the checksum.
			encoded.Reset(data)
			decoded, err, checksum = flate.NewReader(encoded), nil, 4
		}
	default:
		return nil, errors.New("it is neither gzip nor deflate")
	}
	if err != nil {
		return nil, err
	}
	data, err = io.ReadAll(io.LimitReader(decoded, longestBody+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return data, nil
	case err == nil && len(data) <= longestBody && encoded.Len() > checksum:
		return nil, errors.New("more follows its end")
	}
	return data, err
}
