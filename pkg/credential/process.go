package credential

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This file is the caller's side of the protocol.

// Process returns the provider that is a program of its own. Each call runs the
// program once, with the single argument --cargo-plugin, and asks it one thing. If
// the exchange fails or the context ends, the program is killed.
//
// A path without a separator is looked up on the PATH of env. An empty dir is the
// caller's working directory. What the program tells the user goes to stderr; nil
// drops it.
func Process(path, dir string, env []string, stderr io.Writer) Provider {
	return &process{subprocess.Program{
		Path: path, Args: []string{pluginArgument}, Dir: dir, Env: env, PipeStdin: true, Stderr: stderr,
	}}
}

type process struct{ program subprocess.Program }

func (p *process) Get(ctx context.Context, req *Request, op Operation) (*Token, error) {
	r, err := p.ask(ctx, &request{Request: *req, Kind: kindGet, Operation: op})
	if err != nil {
		return nil, err
	}
	return &r.Token, nil
}

func (p *process) Login(ctx context.Context, req *Request, login LoginOptions) error {
	_, err := p.ask(ctx, &request{Request: *req, Kind: kindLogin, Login: login})
	return err
}

func (p *process) Logout(ctx context.Context, req *Request) error {
	_, err := p.ask(ctx, &request{Request: *req, Kind: kindLogout})
	return err
}

func (p *process) ask(ctx context.Context, req *request) (*response, error) {
	c, err := p.program.Start(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to spawn credential process: %w", err)
	}
	r, err := converse(newLines(c.Stdout), c.Stdin, req)
	if err != nil {
		return nil, c.Abandon(err)
	}
	state, err := c.Wait()
	switch {
	case err != nil:
		return nil, fmt.Errorf("credential process `%s` failed: %w", p.program.Path, err)
	case !state.Success():
		return nil, fmt.Errorf("credential process `%s` failed: %s", p.program.Path, state)
	case r.Err != nil:
		return nil, r.Err
	case r.Kind != req.Kind:
		answered := map[string]string{kindGet: "Get", kindLogin: "Login", kindLogout: "Logout"}[r.Kind]
		return nil, unexpectedResponse{fmt.Errorf("credential provider produced unexpected response for `%s` request: %s",
			req.Kind, cmp.Or(answered, "Unknown"))}
	}
	return r, nil
}

// unexpectedResponse says that a provider answered another action than the one that
// it was asked for. Cargo shows it without the provider's name.
type unexpectedResponse struct{ error }

// converse is one exchange with a provider: greeting, request, response.
func converse(from *bufio.Scanner, to io.Writer, req *request) (*response, error) {
	line, err := readLine(from)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("failed to read hello from credential provider: %w", err)
	}
	versions, err := decodeGreeting(line)
	if err != nil {
		return nil, fmt.Errorf("failed to deserialize hello: %w", err)
	}
	if !slices.Contains(versions, protocolVersion) {
		list := strings.Join(strings.Fields(fmt.Sprint(versions)), ", ")
		return nil, fmt.Errorf("credential provider supports protocol versions %s, while Cargo supports [%d]", list, protocolVersion)
	}
	if err := writeLine(to, req.message()); err != nil {
		return nil, fmt.Errorf("failed to write to credential provider: %w", err)
	}
	line, err = readLine(from)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("failed to read response from credential provider: %w", err)
	}
	r, err := decodeResponse(line)
	if err != nil {
		return nil, fmt.Errorf("failed to deserialize response: %w", err)
	}
	return r, nil
}

// stdoutProvider is cargo:token-from-stdout. Its arguments are a command that prints
// the token as one line. It can neither log in nor out.
type stdoutProvider struct {
	failing
	chain *Chain
}

// Get runs the command. In its arguments "{index_url}" stands for the index URL.
// Two variables give it the index URL and the registry's name.
func (p *stdoutProvider) Get(ctx context.Context, req *Request, _ Operation) (*Token, error) {
	if len(req.Args) == 0 {
		return nil, errors.New("The first argument to `cargo:token-from-stdout` must be a command that prints a token on stdout")
	}
	program := subprocess.Program{Path: req.Args[0], Dir: p.chain.Config.Dir, Stdin: p.chain.Stdin, Stderr: p.chain.Stderr}
	for _, arg := range req.Args[1:] {
		program.Args = append(program.Args, strings.ReplaceAll(arg, "{index_url}", req.IndexURL))
	}
	program.Env = append(program.Env, p.chain.Config.Environ...)
	program.Env = append(program.Env, "CARGO_REGISTRY_INDEX_URL="+req.IndexURL)
	if req.Name != "" {
		program.Env = append(program.Env, "CARGO_REGISTRY_NAME_OPT="+req.Name)
	}
	c, err := program.Start(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to spawn credential process: %w", err)
	}
	lines := newLines(c.Stdout)
	line, err := readLine(lines)
	token := config.NewSecret(string(line))
	if err != nil && err != io.EOF {
		return nil, c.Abandon(fmt.Errorf("failed to read from credential provider: %w", err))
	}
	if _, err := readLine(lines); err != io.EOF {
		return nil, c.Abandon(fmt.Errorf("process `%s` returned more than one line of output; expected a single token", program.Path))
	}
	state, err := c.Wait()
	switch {
	case err != nil:
		return nil, fmt.Errorf("process `%s` failed: %w", program.Path, err)
	case !state.Success():
		return nil, fmt.Errorf("process `%s` failed: %s", program.Path, state)
	}
	return &Token{Secret: token, Cache: CacheSession, OperationIndependent: true}, nil
}
