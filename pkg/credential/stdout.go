package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

// stdoutProvider is cargo:token-from-stdout: its arguments are a command, and
// the one line that the command prints is the token.
type stdoutProvider struct {
	dir    string
	env    []string
	stdin  io.Reader
	stderr io.Writer
}

// Get runs the command. "{index_url}" in its arguments stands for the index
// URL, which two variables give as well as the registry's name.
func (p *stdoutProvider) Get(ctx context.Context, req *Request, _ Operation) (*Token, error) {
	if len(req.Args) == 0 {
		return nil, errors.New("The first argument to `cargo:token-from-stdout` must be a command that prints a token on stdout")
	}
	program := subprocess.Program{Path: req.Args[0], Dir: p.dir, Stdin: p.stdin, Stderr: p.stderr}
	for _, arg := range req.Args[1:] {
		program.Args = append(program.Args, strings.ReplaceAll(arg, "{index_url}", req.IndexURL))
	}
	program.Env = append(program.Env, p.env...)
	program.Env = append(program.Env, "CARGO_REGISTRY_INDEX_URL="+req.IndexURL)
	if req.Name != "" {
		program.Env = append(program.Env, "CARGO_REGISTRY_NAME_OPT="+req.Name)
	}
	c, err := program.Start(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("failed to spawn credential process: %w", err)
	}
	output, err := io.ReadAll(io.LimitReader(c.Stdout, maxLine+1))
	defer clear(output)
	switch {
	case err != nil:
		return nil, c.Abandon(fmt.Errorf("failed to read from credential provider: %w", oserror.New(err)))
	case len(output) > maxLine:
		return nil, c.Abandon(fmt.Errorf("failed to read from credential provider: %w", lineTooLong()))
	case !utf8.Valid(output):
		return nil, c.Abandon(fmt.Errorf("failed to read from credential provider: %w", errNotUTF8))
	}
	token, rest, _ := strings.Cut(string(output), "\n")
	if rest != "" {
		return nil, c.Abandon(fmt.Errorf("process `%s` returned more than one line of output; expected a single token", program.Path))
	}
	state, err := c.Wait()
	switch {
	case err != nil:
		return nil, fmt.Errorf("process `%s` failed: %w", program.Path, err)
	case !state.Success():
		return nil, fmt.Errorf("process `%s` failed with status `%s`", program.Path, subprocess.DescribeStatus(state))
	}
	return &Token{Secret: config.NewSecret(token), Cache: CacheSession, OperationIndependent: true}, nil
}

// Login is not supported: the command gets the token from elsewhere.
func (*stdoutProvider) Login(context.Context, *Request, LoginOptions) error {
	return ErrOperationNotSupported
}

// Logout is not supported either.
func (*stdoutProvider) Logout(context.Context, *Request) error { return ErrOperationNotSupported }
