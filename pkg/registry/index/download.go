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
	conn, err := c.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	c.makeCacheRoot()
	first, err := c.ask(ctx, conn, t, configName, "")
	if err != nil {
		return nil, err
	}
	if first.code != 401 {
		return first.content(configName)
	}
	v := c.visit(t)
	if v.login, err = loginURL(first.lines); err != nil {
		return nil, err
	}
	if first.lines != nil {
		v.headers = first.lines
	}
	return c.askWithToken(ctx, conn, t, configName)
}

// A visit is what is known of an index from this run.
type visit struct {
	announced bool
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

// connection is what the files of one index are asked for with.
type connection struct {
	*transport
	retries int64
}

// connect announces that the network is asked, once for an index.
func (c *Client) connect(ctx context.Context, t registry.Target) (*connection, error) {
	// What is wrong with [http] is found before anything is announced.
	if _, err := c.Config.HTTP(); err != nil {
		return nil, err
	}
	if v := c.visit(t); !v.announced {
		v.announced = true
		c.status("Updating", t.Source.IndexName())
	}
	http, err := c.settings()
	if err != nil {
		return nil, err
	}
	conn := &connection{transport: c.newTransport(ctx, http)}
	if !sendable(conn.userAgent) {
		conn.close()
		return nil, errors.New("the user agent has a character that cannot be sent to a registry")
	}
	if conn.retries, err = c.retries(); err != nil {
		conn.close()
		return nil, err
	}
	return conn, nil
}

// askWithToken asks for a file with the token that somebody has.
func (c *Client) askWithToken(ctx context.Context, conn *connection, t registry.Target, name string) ([]byte, error) {
	v := c.visit(t)
	token, err := c.token(ctx, v.headers)
	if errors.Is(err, ErrNoToken) {
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: v.login}
	} else if err != nil {
		return nil, err
	}
	authorization := token.Expose()
	if !sendable(authorization) {
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: v.login, Rejected: true, cause: errUnsendable}
	}
	resp, err := c.ask(ctx, conn, t, name, authorization)
	if err != nil {
		return nil, err
	}
	if resp.code == 401 {
		refusal := resp.without(authorization).refusal()
		return nil, &AuthorizationError{Registry: t.Registry, LoginURL: v.login, Rejected: true, cause: refusal}
	}
	return resp.content(name)
}

// errUnsendable says why a token was not even offered to a registry. It is as
// good as a refused one: a login brings another.
var errUnsendable = errors.New("it has a character that cannot be sent to a registry")

// ask asks for a file until it has an answer that it understands.
func (c *Client) ask(ctx context.Context, conn *connection, t registry.Target, name, authorization string) (*response, error) {
	at, err := sparseURL(t.Source, name)
	if err != nil {
		return nil, err
	}
	req := request{url: at, authorization: authorization}
	if c.Progress != nil {
		if done := c.Progress(); done != nil {
			defer done()
		}
	}
	var resp *response
	err = c.retry(ctx, conn.retries, func() (err error) {
		resp, err = conn.get(ctx, req)
		if err != nil {
			return fmt.Errorf("failed to download from `%s`: %w", req.url, err)
		}
		if !resp.understood() {
			return resp.without(req.authorization).statusError()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("download of %s failed: %w", name, err)
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

// refusal is a 401 as Cargo shows it, which names no address.
func (r *response) refusal() *StatusError {
	e := r.statusError()
	e.Address = ""
	return e
}

// content returns the body, or what the status says instead.
func (r *response) content(name string) ([]byte, error) {
	switch r.code {
	case 200:
		return r.body, nil
	case 304:
		return nil, errors.New("server said not modified (HTTP 304) when no local cache exists")
	}
	return nil, notFoundError(name)
}
