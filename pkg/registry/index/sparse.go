package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// This chapter reads a sparse index: the requests for its files, and the answers that
// are no file.

// loadSparse returns the config.json in the cache. If that is missing or damaged, it
// fetches another.
func (c *Client) loadSparse(ctx context.Context) (*Config, error) {
	file := filepath.Join(c.cacheDir(), configName)
	if data, err := system.ReadFile(file); err == nil {
		if about, _, err := parseConfig(data); err == nil {
			return about, nil
		}
	}
	if c.isOffline() {
		return nil, notFoundError(configName)
	}
	data, err := c.download(ctx)
	if err != nil {
		return nil, err
	}
	about, hasMore, err := parseConfig(data)
	if err != nil {
		return nil, err
	}
	mode := os.FileMode(0o666)
	if c.needsToken && hasMore {
		// What a registry tells only those with a token, and Cargo does not read, is
		// not for the machine's other users.
		mode = 0o600
		_ = os.Remove(file) // an existing file would keep its mode
	}
	writeCache(file, data, mode)
	return about, nil
}

// writeCache caches a config.json as it was received. If it fails, the next login
// asks the network again.
func writeCache(file string, data []byte, mode os.FileMode) {
	_ = os.MkdirAll(filepath.Dir(file), 0o777)
	// It may be a pipe that waits for a reader.
	f, err := system.Open(context.Background(), file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err == nil {
		_, _ = f.Write(data)
		_ = f.Close()
	}
}

// connect prepares requests. As in Cargo it tells the user, once, before it reads
// [http].
func (c *Client) connect(ctx context.Context) (*transport, error) {
	if _, err := c.readNet(); err != nil {
		return nil, err
	}
	c.announce()
	settings, err := c.readHTTP()
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(*settings.UserAgent, isControl) {
		return nil, errors.New("the user agent has a character that cannot be sent to a registry")
	}
	return c.newTransport(ctx, settings), nil
}

// download fetches the config.json. If the registry asks for a token, it asks again
// with one.
func (c *Client) download(ctx context.Context) ([]byte, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	data, err := c.get(ctx, conn, configName)
	var refusal *StatusError
	if !c.needsToken && errors.As(err, &refusal) && refusal.Code == http.StatusUnauthorized {
		c.needsToken = true
		return c.get(ctx, conn, configName)
	}
	return data, err
}

// get fetches a file of the index, and tries again after what may be a passing
// failure.
func (c *Client) get(ctx context.Context, conn *transport, name string) (data []byte, err error) {
	err = c.retry(ctx, func() error {
		data, err = c.tryToGet(ctx, conn, name)
		return err
	})
	return data, err
}

func (c *Client) tryToGet(ctx context.Context, conn *transport, name string) ([]byte, error) {
	failed := func(err error) error { return fmt.Errorf("download of %s failed: %w", name, err) }
	var token config.Secret
	if c.needsToken {
		var err error
		token, err = c.token(ctx, &c.challenge)
		switch {
		case errors.Is(err, registry.ErrNoToken):
			return nil, &AuthorizationError{Registry: c.Registry, LoginURL: c.loginURL, cause: err}
		case err != nil:
			return nil, err
		case !isPrintable(token.Expose()):
			return nil, failed(errors.New("the token for reading the index has a character that cannot be sent to a registry"))
		}
	}
	at, err := weburl.Parse(strings.TrimPrefix(c.Registry.Source().Index(), "sparse+"))
	if err != nil {
		return nil, err
	}
	if at.Hostname() == "" {
		return nil, wrongProtocol(at)
	}
	if c.Progress != nil {
		if done := c.Progress(); done != nil {
			defer done()
		}
	}
	resp, err := conn.get(ctx, at.Href(false)+name, token.Expose())
	if err != nil {
		return nil, failed(err)
	}
	switch resp.code {
	case http.StatusOK:
		if body := string(resp.body); untrusted.Redact(body, token.Expose()) != body {
			return nil, failed(errors.New("the answer contains the token that was sent"))
		}
		return resp.body, nil
	case http.StatusNotFound:
		return nil, notFoundError(name)
	case http.StatusUnauthorized:
		loginURL, err := findLoginURL(resp.header.Values("WWW-Authenticate"))
		if err != nil {
			return nil, err
		}
		if loginURL != "" {
			c.loginURL = loginURL
		}
		c.challenge = registry.Challenge{Headers: resp.lines()}
		if c.needsToken {
			return nil, &AuthorizationError{Registry: c.Registry, LoginURL: c.loginURL, Rejected: true, cause: resp.refusal(token)}
		}
	}
	return nil, resp.refusal(token)
}

// isControl reports whether a character could end a header's line.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isPrintable reports whether a text is all printable ASCII and tabs.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return isControl(r) || r > '~' })
}

// AuthorizationError says that a registry asks for a token, and that there is none
// or one that it does not take. A login goes on with its LoginURL.
type AuthorizationError struct {
	Registry registry.Registry
	// LoginURL is where the registry says that a token is found; empty if it does not
	// say.
	LoginURL string
	// Rejected says that the registry refused a token.
	Rejected bool

	cause error // the registry's refusal, or that of Client.Token
}

// Error is the error of [Client.Token] if that says what the user can do.
func (e *AuthorizationError) Error() string {
	switch {
	case e.Rejected:
		return "token rejected for `" + e.Registry.String() + "`: " + e.cause.Error()
	case e.cause == registry.ErrNoToken:
		return "no token found for `" + e.Registry.String() + "`"
	}
	return e.cause.Error()
}

// Is makes the error for a missing token a [registry.ErrNoToken].
func (e *AuthorizationError) Is(target error) bool {
	return !e.Rejected && target == registry.ErrNoToken
}

// Unwrap returns the registry's refusal of a token, a [*StatusError].
func (e *AuthorizationError) Unwrap() error {
	if !e.Rejected {
		return nil
	}
	return e.cause
}

// response is the answer to a request, at the end of all redirections.
type response struct {
	url, address string
	code         int
	// header has the headers of all answers, redirections included.
	header http.Header
	body   []byte
}

// lines returns the header lines as credential providers get them, sorted by name,
// since package net/http does not keep their order.
func (r *response) lines() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		for _, value := range r.header[name] {
			if !utf8.ValidString(value) {
				continue
			}
			if !isPrintable(value) {
				value = ""
			}
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	return lines
}

// refusal returns the response as an error, without a token that it may repeat.
func (r *response) refusal(token config.Secret) *StatusError {
	redacted := func(text string) string { return untrusted.Redact(text, token.Expose()) }
	e := &StatusError{URL: redacted(r.url), Address: r.address, Code: r.code, Body: []byte(redacted(string(r.body)))}
	for _, line := range r.lines() {
		e.Headers = append(e.Headers, redacted(line))
	}
	return e
}

// StatusError is a response with a status other than success.
type StatusError struct {
	// URL is that of the request, and Address the host that answered.
	URL, Address string
	Code         int
	// Headers are the header lines of the response and of the redirections to it,
	// with names in lower case.
	Headers []string
	Body    []byte
}

// Error shows the response as Cargo does: the headers that help a registry's
// operators, and the beginning of the body.
func (e *StatusError) Error() string {
	headers := ""
	for _, name := range []string{"x-amz-cf-id", "x-amz-cf-pop", "x-amz-id-2", "x-amz-request-id", "x-cache", "x-served-by"} {
		if value := e.header(name); value != "" {
			headers += name + ": " + value + "\n"
		}
	}
	if headers != "" {
		headers = "debug headers:\n" + headers
	}
	return e.text(headers)
}

// text is Error with the given headers.
func (e *StatusError) text(headers string) string {
	address := ""
	if e.Address != "" {
		address = " (" + e.Address + ")"
	}
	return fmt.Sprintf("failed to get successful HTTP response from `%s`%s, got %d\n%sbody:\n%s",
		e.URL, address, e.Code, headers, excerpt(e.Body))
}

// header returns the first value of a header.
func (e *StatusError) header(name string) string {
	for _, line := range e.Headers {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// isSpurious reports whether the same request may succeed later.
func (e *StatusError) isSpurious() bool {
	return e.Code >= 500 && e.Code < 600 || e.Code == http.StatusTooManyRequests
}

// excerpt returns at most 512 characters of a body.
func excerpt(body []byte) string {
	if !utf8.Valid(body) {
		return fmt.Sprintf("[%d non-utf8 bytes]", len(body))
	}
	const longest = 512
	characters := []rune(string(body))
	if len(characters) < longest {
		return string(body)
	}
	return string(characters[:longest-1]) + "…"
}

// findLoginURL returns the last address in the challenges of the scheme Cargo, from
// the values of WWW-Authenticate (RFC 9110, section 11.6.1); empty if there is none.
func findLoginURL(values []string) (string, error) {
	var found string
	for _, value := range values {
		var scheme string
		for _, item := range splitHeader(value) {
			name, address, isParam := strings.Cut(item, "=")
			name = strings.TrimSpace(name)
			if first, rest, ok := strings.Cut(name, " "); ok || !isParam {
				scheme, name = first, strings.TrimSpace(rest)
			}
			if !isParam || !strings.EqualFold(scheme, "Cargo") || !strings.EqualFold(name, "login_url") {
				continue
			}
			u, err := weburl.Parse(strings.TrimSpace(address))
			if err != nil {
				return "", err
			}
			found = u.Href(false)
		}
	}
	return found, nil
}

// splitHeader splits a header at its commas, and takes the quotes off strings.
func splitHeader(value string) (items []string) {
	var item []byte
	isQuoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			isQuoted = !isQuoted
		case c == ',' && !isQuoted:
			items, item = append(items, string(item)), nil
		case c == '\\' && isQuoted && i+1 < len(value):
			i++
			fallthrough
		default:
			item = append(item, value[i])
		}
	}
	return append(items, string(item))
}
