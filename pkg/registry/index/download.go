package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// sparseURL returns the URL of a file in a sparse index.
func sparseURL(r registry.Registry, name string) (string, error) {
	u, err := weburl.Parse(strings.TrimPrefix(r.Index, "sparse+"))
	if err != nil {
		return "", err
	}
	return u.Href(false) + name, nil
}

// download fetches the configuration of a sparse index. A registry that asks
// for a token is asked again with one.
func (c *Client) download(ctx context.Context, t registry.Target) ([]byte, error) {
	// What is wrong with [http] is found before anything is announced.
	if _, err := c.http(); err != nil {
		return nil, err
	}
	c.status("Updating", t.Source.IndexName())
	http, err := c.settings()
	if err != nil {
		return nil, err
	}
	transport := c.newTransport(ctx, http)
	defer transport.close()
	if !sendable(transport.userAgent) {
		return nil, errors.New("the user agent has a character that cannot be sent to a registry")
	}
	retries, err := c.retries()
	if err != nil {
		return nil, err
	}

	c.makeCacheRoot()
	at, err := sparseURL(t.Source, configName)
	if err != nil {
		return nil, err
	}
	req := request{url: at}
	first, err := c.get(ctx, transport, retries, req)
	if err != nil {
		return nil, err
	}
	if first.code != 401 {
		return first.content()
	}
	login, err := loginURL(first.lines)
	if err != nil {
		return nil, err
	}
	headers := first.lines
	if headers == nil {
		headers = []string{}
	}
	token, err := c.token(ctx, headers)
	if errors.Is(err, ErrNoToken) {
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: login}
	} else if err != nil {
		return nil, err
	}
	req.authorization = token.Expose()
	if !sendable(req.authorization) {
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: login, Rejected: true, cause: errUnsendable}
	}
	second, err := c.get(ctx, transport, retries, req)
	if err != nil {
		return nil, err
	}
	if second.code == 401 {
		refusal := second.without(req.authorization).statusError()
		refusal.Address = ""
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: login, Rejected: true, cause: refusal}
	}
	return second.content()
}

// errUnsendable says why a token was not even offered to a registry. It is as
// good as a refused one: a login brings another.
var errUnsendable = errors.New("it has a character that cannot be sent to a registry")

// get makes a request until it has an answer that it understands.
func (c *Client) get(ctx context.Context, t *transport, retries int64, req request) (*response, error) {
	if c.Progress != nil {
		if done := c.Progress(); done != nil {
			defer done()
		}
	}
	var resp *response
	err := c.retry(ctx, retries, func() (err error) {
		resp, err = t.get(ctx, req)
		if err != nil {
			return fmt.Errorf("failed to download from `%s`: %w", req.url, err)
		}
		if !resp.understood() {
			return resp.without(req.authorization).statusError()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("download of %s failed: %w", configName, err)
	}
	return resp, nil
}

// response is the answer to a request, after all redirections.
type response struct {
	url     string
	address string
	code    int
	lines   []string
	body    []byte
}

// understood reports whether the protocol gives the answer's status a meaning.
func (r *response) understood() bool {
	switch r.code {
	case 200, 304, 401, 404, 410, 451:
		return true
	}
	return false
}

// without returns the answer without a token that the registry may have sent
// back, for an error.
func (r *response) without(token string) *response {
	if token == "" {
		return r
	}
	hidden := *r
	hidden.body = bytes.ReplaceAll(r.body, []byte(token), []byte("REDACTED"))
	hidden.lines = slices.Clone(r.lines)
	for i, line := range hidden.lines {
		hidden.lines[i] = strings.ReplaceAll(line, token, "REDACTED")
	}
	return &hidden
}

func (r *response) statusError() *StatusError {
	return &StatusError{URL: r.url, Address: r.address, Code: r.code, Headers: r.lines, Body: r.body}
}

// content returns the body, or what the status says instead.
func (r *response) content() ([]byte, error) {
	switch r.code {
	case 200:
		return r.body, nil
	case 304:
		return nil, errors.New("server said not modified (HTTP 304) when no local cache exists")
	}
	return nil, errNotFound
}
