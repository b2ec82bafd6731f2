package index

import (
	"context"
	"fmt"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Crate returns what a sparse index says of a crate: a line of JSON for each
// version. It asks as Cargo does before a build, with a token where the index
// says that all operations need one, but always asks the network and leaves
// Cargo's cache of crates alone; only config.json is cached. The registry needs
// no web API.
//
// The error is fs.ErrNotExist to errors.Is if there is no such crate, and an
// [*AuthorizationError] if there is no token for it or a refused one.
func (c *Client) Crate(ctx context.Context, t registry.Target, name string) ([]byte, error) {
	if t.Source.Kind != registry.Sparse {
		return nil, fmt.Errorf("the index of %s is a git repository, not a sparse index", t.Source)
	}
	path, err := cratePath(name)
	if err != nil {
		return nil, err
	}
	about, err := c.load(ctx, t)
	if err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	if about.AuthRequired {
		return c.askWithToken(ctx, conn, t, path)
	}
	resp, err := c.ask(ctx, conn, t, path, "")
	if err != nil {
		return nil, err
	}
	if resp.code == 401 {
		return nil, resp.refusal()
	}
	return resp.content(path)
}

// cratePath returns the place of a crate in an index: by its length or its
// first letters, in lower case.
func cratePath(name string) (string, error) {
	ordinary := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !ordinary(r) }) {
		return "", fmt.Errorf("no crate in an index has the name `%s`", name)
	}
	name = strings.ToLower(name)
	switch len(name) {
	case 1, 2:
		return fmt.Sprintf("%d/%s", len(name), name), nil
	case 3:
		return "3/" + name[:1] + "/" + name, nil
	}
	return name[:2] + "/" + name[2:4] + "/" + name, nil
}
