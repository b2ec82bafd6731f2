package credential

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

// Process is a [Provider] in a program of its own. Each call runs the program
// once, with the single argument --cargo-plugin, and asks it one thing.
//
// Its errors read as Cargo's do. If the exchange breaks off or the context
// ends, the program is killed.
type Process struct {
	// Path is the program. Without a path separator it is looked up on the
	// PATH of Env.
	Path string
	// Dir is the directory to run it in; empty is the process's own.
	Dir string
	// Env is its environment.
	Env []string
	// Stderr receives what the provider has to say to the user; nil drops it.
	// An *os.File is handed to the program as it is.
	Stderr io.Writer
}

var _ Provider = (*Process)(nil)

// Get asks the program for a token.
func (p *Process) Get(ctx context.Context, req *Request, op Operation) (*Token, error) {
	r, err := p.ask(ctx, &request{Request: *req, Kind: kindGet, Operation: op})
	if err != nil {
		return nil, err
	}
	return &r.Token, nil
}

// Login asks the program to store a token.
func (p *Process) Login(ctx context.Context, req *Request, login LoginOptions) error {
	_, err := p.ask(ctx, &request{Request: *req, Kind: kindLogin, Login: login})
	return err
}

// Logout asks the program to remove the stored token.
func (p *Process) Logout(ctx context.Context, req *Request) error {
	_, err := p.ask(ctx, &request{Request: *req, Kind: kindLogout})
	return err
}

func (p *Process) ask(ctx context.Context, req *request) (*response, error) {
	program := subprocess.Program{Path: p.Path, Args: []string{pluginArgument}, Dir: p.Dir, Env: p.Env, Stderr: p.Stderr}
	c, err := program.Start(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("failed to spawn credential process: %w", err)
	}
	r, err := converse(bufio.NewReader(c.Stdout), c.Stdin, req)
	if err != nil {
		return nil, c.Abandon(err)
	}
	state, err := c.Wait()
	switch {
	case err != nil:
		return nil, fmt.Errorf("credential process `%s` failed: %w", p.Path, err)
	case !state.Success():
		// The lone backtick is Cargo's.
		return nil, fmt.Errorf("credential process `%s` failed with status %s`", p.Path, subprocess.DescribeStatus(state))
	case r.Err != nil:
		return nil, r.Err
	case r.Kind != req.Kind:
		return nil, &unexpectedResponse{req.Kind, r.describe()}
	}
	return r, nil
}

// converse is the caller's side of one exchange: greeting, request, response.
func converse(from *bufio.Reader, to io.Writer, req *request) (*response, error) {
	line, err := readLine(from)
	if err != nil {
		return nil, fmt.Errorf("failed to read hello from credential provider: %w", err)
	}
	g, err := decodeGreeting(line)
	if err != nil {
		return nil, fmt.Errorf("failed to deserialize hello: %w", err)
	}
	if !slices.Contains(g.Versions, protocolVersion) {
		return nil, fmt.Errorf("credential provider supports protocol versions %s, while Cargo supports [%d]",
			listed(g.Versions), protocolVersion)
	}
	req.Version = protocolVersion
	line = append(req.appendJSON(nil), '\n')
	_, err = to.Write(line)
	clear(line)
	if err != nil {
		return nil, fmt.Errorf("failed to write to credential provider: %w", oserror.New(err))
	}
	line, err = readLine(from)
	if err != nil {
		return nil, fmt.Errorf("failed to read response from credential provider: %w", err)
	}
	r, err := decodeResponse(line)
	clear(line)
	if err != nil {
		return nil, fmt.Errorf("failed to deserialize response: %w", err)
	}
	return r, nil
}

// listed shows numbers as Rust's Debug does: [1, 2].
func listed(numbers []uint32) string {
	text := "["
	for i, n := range numbers {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text + "]"
}
