package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// A visit is what is known of an index from this run.
type visit struct {
	announced bool
	// needsToken is set while files are asked for with a token.
	needsToken bool
	// headers are the lines of the answer that asked for a token, and login the
	// address in them. They are not nil: a provider has to be configured.
	headers []string
	login   string
}

func (c *Client) visit(t registry.Target) *visit {
	url := t.Source.Canonical()
	if c.visits[url] == nil {
		if c.visits == nil {
			c.visits = map[string]*visit{}
		}
		c.visits[url] = &visit{headers: []string{}}
	}
	return c.visits[url]
}

// connect announces that the network is asked, once for an index. It reads
// [http] after that, as Cargo does.
func (c *Client) connect(ctx context.Context, t registry.Target) (*transport, error) {
	if _, err := c.retries(); err != nil {
		return nil, err
	}
	if v := c.visit(t); !v.announced {
		v.announced = true
		c.status("Updating", t.Source.IndexName())
	}
	settings, err := c.settings()
	if err != nil {
		return nil, err
	}
	conn := c.newTransport(ctx, settings)
	if strings.ContainsFunc(conn.userAgent, isControl) {
		return nil, errors.New("the user agent has a character that cannot be sent to a registry")
	}
	return conn, nil
}

// download fetches the configuration of a sparse index. A registry that asks
// for a token is asked again with one.
func (c *Client) download(ctx context.Context, t registry.Target) ([]byte, error) {
	conn, err := c.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	data, err := c.ask(ctx, conn, t, configName)
	var refusal *StatusError
	if errors.As(err, &refusal) && refusal.Code == http.StatusUnauthorized {
		c.visit(t).needsToken = true
		return c.ask(ctx, conn, t, configName)
	}
	return data, err
}

// ask returns a file of an index. What may be a passing failure is tried again.
func (c *Client) ask(ctx context.Context, conn *transport, t registry.Target, name string) (data []byte, err error) {
	err = c.retry(ctx, func() error {
		data, err = c.askOnce(ctx, conn, t, name)
		return err
	})
	return data, err
}

func (c *Client) askOnce(ctx context.Context, conn *transport, t registry.Target, name string) ([]byte, error) {
	v := c.visit(t)
	var token config.Secret
	authorization := ""
	if v.needsToken {
		var err error
		token, err = c.token(ctx, v.headers)
		switch {
		case errors.Is(err, registry.ErrNoToken):
			return nil, &AuthorizationError{Registry: t.Registry, LoginURL: v.login, cause: err}
		case err != nil:
			return nil, err
		}
		authorization = token.Expose()
		if strings.ContainsFunc(authorization, isControl) {
			return nil, errUnsendable
		}
		if !isVisible(authorization) {
			return nil, fmt.Errorf("download of %s failed: %w", name, errUnsendable)
		}
	}
	at, err := weburl.Parse(strings.TrimPrefix(t.Source.Index, "sparse+"))
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
	resp, err := conn.get(ctx, at.Href(false)+name, authorization)
	if err != nil {
		return nil, fmt.Errorf("download of %s failed: %w", name, err)
	}
	switch resp.code {
	case http.StatusOK:
		if body := string(resp.body); untrusted.Redact(body, token.Expose()) != body {
			return nil, fmt.Errorf("download of %s failed: %w", name, errSentBack)
		}
		return resp.body, nil
	case http.StatusNotModified:
		return nil, fmt.Errorf("the registry says that %s has not been modified (HTTP 304), but it has never been sent", name)
	case http.StatusNotFound:
		return nil, notFoundError(name)
	case http.StatusUnauthorized:
		login, err := loginURL(resp.header.Values("WWW-Authenticate"))
		if err != nil {
			return nil, err
		}
		if login != "" {
			v.login = login
		}
		v.headers = resp.lines()
		if v.needsToken {
			return nil, &AuthorizationError{Registry: t.Registry, LoginURL: v.login, Rejected: true, cause: resp.refusal(token)}
		}
	}
	return nil, resp.refusal(token)
}

var errUnsendable = errors.New("the token for reading the index has a character that cannot be sent to a registry")

var errSentBack = errors.New("the registry sends back the token that it was asked with")

// isControl reports whether a character must not be in a header: it might end
// the line.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isVisible reports whether a text is all ASCII that can be printed, and tabs.
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return isControl(r) || r > '~' })
}

// response is the answer to a request, after all redirections.
type response struct {
	url     string
	address string
	code    int
	// header is that of the answer and of the redirections that led to it.
	header http.Header
	body   []byte
}

// lines returns the header lines as credential providers get them. In which
// order they came is not known, so they are sorted by name.
func (r *response) lines() []string {
	lines := []string{}
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		for _, value := range r.header[name] {
			if !utf8.ValidString(value) {
				continue
			}
			if !isVisible(value) {
				value = ""
			}
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	return lines
}

// debugHeaders come from the networks that deliver indexes, and help their
// operators.
var debugHeaders = []string{"x-amz-cf-id", "x-amz-cf-pop", "x-amz-id-2", "x-amz-request-id", "x-cache", "x-served-by"}

// refusal returns the answer as an error, without a token that the registry may
// have sent back.
func (r *response) refusal(token config.Secret) *StatusError {
	e := &StatusError{URL: untrusted.Redact(r.url, token.Expose()), Address: r.address, Code: r.code, Body: []byte(untrusted.Redact(string(r.body), token.Expose()))}
	for _, line := range r.lines() {
		e.Headers = append(e.Headers, untrusted.Redact(line, token.Expose()))
	}
	return e
}

// StatusError is an answer that is no success, as Cargo shows it.
type StatusError struct {
	// URL is what was asked for, and Address the host that answered.
	URL, Address string
	Code         int
	// Headers are the header lines of the answer and of the redirections that
	// led to it, with names in lower case.
	Headers []string
	Body    []byte
}

// Error shows the answer with those of its headers that help a registry's
// operators, and the beginning of its body.
func (e *StatusError) Error() string {
	headers := ""
	for _, name := range debugHeaders {
		if value := e.header(name); value != "" {
			headers += name + ": " + value + "\n"
		}
	}
	if headers != "" {
		headers = "debug headers:\n" + headers
	}
	return e.text(headers)
}

// header returns the first value of a header, as Cargo does.
func (e *StatusError) header(name string) string {
	for _, line := range e.Headers {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// text is Error with other headers, or none.
func (e *StatusError) text(headers string) string {
	address := ""
	if e.Address != "" {
		address = " (" + e.Address + ")"
	}
	return fmt.Sprintf("failed to get successful HTTP response from `%s`%s, got %d\n%sbody:\n%s",
		e.URL, address, e.Code, headers, excerpt(e.Body))
}

// isSpurious reports whether the same request may succeed later.
func (e *StatusError) isSpurious() bool {
	return e.Code >= 500 && e.Code < 600 || e.Code == http.StatusTooManyRequests
}

// excerptLength is how many characters of a body are shown, the last of which
// says that there is more.
const excerptLength = 512

// excerpt returns the beginning of a body.
func excerpt(body []byte) string {
	if !utf8.Valid(body) {
		return fmt.Sprintf("[%d non-utf8 bytes]", len(body))
	}
	characters := []rune(string(body))
	if len(characters) < excerptLength {
		return string(body)
	}
	return string(characters[:excerptLength-1]) + "…"
}

// loginURL returns the address that a challenge with the scheme Cargo has for
// the user, from the values of WWW-Authenticate (RFC 9110, section 11.6.1);
// empty if there is none. The last one counts.
func loginURL(values []string) (string, error) {
	var found string
	for _, value := range values {
		for _, address := range loginAddresses(value) {
			u, err := weburl.Parse(address)
			if err != nil {
				return "", err
			}
			found = u.Href(false)
		}
	}
	return found, nil
}

// loginAddresses returns the addresses in the challenges of a header value, up
// to the first challenge that is not understood.
func loginAddresses(header string) (addresses []string) {
	var scheme string
	// pending are those of the challenge that is being read.
	var pending []string
	rest := strings.TrimLeft(header, " \t,")
	for rest != "" {
		name, after := cutToken(rest)
		next, ok := trimSpace(after), true
		if name != "" && (next == "" || next[0] == ',' || next != after && isTokenChar(rune(next[0]))) {
			// It is the scheme of a challenge, with or without parameters.
			addresses, pending = append(addresses, pending...), nil
			if len(after) < 2 || after[0] != ' ' || !isTokenChar(rune(after[1])) {
				scheme = ""
				if rest, ok = cutSeparators(after); !ok {
					return addresses
				}
				continue
			}
			scheme = name
			name, after = cutToken(after[1:])
		}
		value, isParam := strings.CutPrefix(trimSpace(after), "=")
		value, after, ok = cutValue(trimSpace(value))
		if scheme == "" || name == "" || !isParam || !ok {
			return addresses
		}
		if strings.EqualFold(scheme, "Cargo") && strings.EqualFold(name, "login_url") {
			pending = append(pending, value)
		}
		if rest, ok = cutSeparators(after); !ok {
			return addresses
		}
	}
	return append(addresses, pending...)
}

// cutSeparators skips white space and commas. It fails if there is no comma
// before something else.
func cutSeparators(text string) (rest string, ok bool) {
	rest = strings.TrimLeft(text, " \t,")
	return rest, rest == "" || strings.Contains(text[:len(text)-len(rest)], ",")
}

func trimSpace(text string) string { return strings.TrimLeft(text, " \t") }

func cutToken(text string) (token, rest string) {
	rest = strings.TrimLeftFunc(text, isTokenChar)
	return text[:len(text)-len(rest)], rest
}

func isTokenChar(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		r < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// cutValue cuts off a token or a quoted string.
func cutValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest = cutToken(text)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] == '"' {
			return b.String(), text[i+1:], true
		}
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		if c := text[i]; c != '\t' && (c < ' ' || c > '~') {
			return "", "", false
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}
