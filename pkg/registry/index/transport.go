package index

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
)

// This chapter sends one request, follows its redirections, and reads the answer
// within bounds.

// The bounds of an answer. The first two are Cargo's.
const (
	mostRedirects = 30
	longestHead   = 300 << 10
	// longestBody applies before and after decoding.
	longestBody = 8 << 20
)

// transport makes requests with the settings of [http].
type transport struct {
	client   *Client
	settings *httpTable
	// proxy is a configured proxy, and proxySource the setting. A nil proxy leaves it
	// to the environment, an empty one is none.
	proxy       *string
	proxySource string
	// received counts the bytes of bodies.
	received atomic.Int64
	// open has the transport for each kind of server and proxy.
	open map[string]*http.Transport
}

func (c *Client) newTransport(ctx context.Context, settings *httpTable) *transport {
	t := &transport{client: c, settings: settings, proxy: settings.Proxy, proxySource: "`http.proxy`", open: map[string]*http.Transport{}}
	if t.proxy == nil {
		t.proxy, t.proxySource = c.gitProxy(ctx), "git's `http.proxy`"
	}
	return t
}

func (t *transport) close() {
	for _, each := range t.open {
		each.CloseIdleConnections()
	}
}

// get requests a URL once, and follows redirections.
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
			token = "" // the registry's token is for no other server
		}
		location, err := t.exchange(ctx, at, token, resp)
		if err != nil || location == "" {
			return resp, err
		}
		if at, err = weburl.Resolve(at, location); err != nil {
			return nil, &transferError{text: "the registry redirects to an invalid URL", cause: err}
		}
	}
	return nil, &transferError{text: fmt.Sprintf("the registry redirects more than %d times", mostRedirects)}
}

// watch ends a request that receives too little, and one that takes very long. It
// counts from the first connection to the last byte.
func (t *transport) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout, limit := t.settings.timeout(), int64(*t.settings.LowSpeedLimit)
	longest := min(max(20*timeout, time.Minute), time.Hour)
	ctx, stop := context.WithTimeoutCause(ctx, longest, &transferError{
		text: fmt.Sprintf("the transfer has not ended after %v", longest), spurious: true, cause: context.DeadlineExceeded,
	})
	if limit == 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithCancelCause(ctx)
	tooSlow := func(transferred int64) {
		cancel(&transferError{
			text: fmt.Sprintf("transfer too slow: failed to transfer more than %d bytes in %ds (transferred %d bytes)",
				limit, int64(timeout.Seconds()), transferred),
			spurious: true, cause: context.DeadlineExceeded,
		})
	}
	if timeout == 0 {
		tooSlow(0)
		return ctx, stop
	}
	go func() {
		ticker := time.NewTicker(timeout)
		defer ticker.Stop()
		for before := t.received.Load(); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := t.received.Load()
			if now-before < limit {
				tooSlow(now - before)
				return
			}
			before = now
		}
	}()
	return ctx, stop
}

// exchange sends one request and reads the answer into resp, whose headers it adds
// to. It returns where the answer redirects to.
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
	for name, values := range answer.Header {
		resp.header[name] = append(resp.header[name], values...)
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
	data, err = decode(data, strings.Join(answer.Header.Values("Content-Encoding"), ","))
	switch {
	case err != nil:
		return "", err
	case len(data) > longestBody && answer.StatusCode == http.StatusOK:
		return "", &transferError{text: fmt.Sprintf("the answer has more than %d bytes", longestBody)}
	case len(data) > longestBody:
		data = bytes.ToValidUTF8(data[:longestBody], nil) // the user sees only its beginning
	}
	resp.body = data
	return "", nil
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
			"User-Agent":      {*t.settings.UserAgent},
		},
	}
	// Opaque keeps the path as it is; package net/url would encode more of it.
	switch target := at.Pathname() + at.Search(); {
	case server.Scheme == "http" && forwards(proxy):
		req.Header["Proxy-Connection"] = []string{"Keep-Alive"}
		req.URL.Opaque = "//" + at.Host() + target
	case strings.HasPrefix(target, "//"):
		// This would be taken for a host.
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

// unescaped returns a part of a URL without its percent-encoding, or unchanged if
// that is malformed.
func unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// counter counts the bytes that arrive.
type counter struct {
	io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// decode undoes the encoding of a body. Like Cargo it takes one whose end is missing.
func decode(data []byte, encoding string) ([]byte, error) {
	if len(data) == 0 || len(data) > longestBody {
		return data, nil
	}
	var decoded io.Reader
	var err error
	switch strings.ToLower(encoding) {
	case "", "identity", "none":
		return data, nil
	case "gzip", "x-gzip":
		decoded, err = gzip.NewReader(bytes.NewReader(data))
	case "deflate":
		decoded, err = zlib.NewReader(bytes.NewReader(data))
		if errors.Is(err, zlib.ErrHeader) {
			// Some servers send deflated data without zlib's header.
			decoded, err = flate.NewReader(bytes.NewReader(data)), nil
		}
	default:
		err = errors.New("it is neither gzip nor deflate")
	}
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(decoded, longestBody+1))
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
	}
	if err != nil {
		return nil, &transferError{text: "the answer cannot be decoded: " + err.Error(), cause: err}
	}
	return data, nil
}
