package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This file is the provider's side of the protocol.

// pluginArgument is the only argument with which Cargo runs a provider.
const pluginArgument = "--cargo-plugin"

// Main is the main function of a program that is a credential provider:
//
//	func main() { credential.Main(store{}) }
//
// It greets the caller and answers its requests. It exits at the end of standard
// input, on an interrupt, or when the caller has ended. Meanwhile os.Stdin is empty
// and os.Stdout is standard error, so nothing that the provider prints or reads
// disturbs the exchange. To ask the user for a token, use [Terminal].
//
// Without the argument --cargo-plugin, Main prints what the program is and exits
// with status 1. A program that also has commands for people looks at its arguments
// before it calls Main.
func Main(p Provider) {
	if len(os.Args) != 2 || os.Args[1] != pluginArgument {
		fmt.Fprintf(os.Stderr, "error: `%s` is a credential provider for Cargo, which runs it with `%s`\n",
			filepath.Base(os.Args[0]), pluginArgument)
		os.Exit(1)
	}
	os.Exit(serveProcess(p))
}

// serveProcess serves on the process's standard input and output, and returns the
// exit status.
func serveProcess(p Provider) int {
	in, out := os.Stdin, os.Stdout
	os.Stdout = os.Stderr
	if empty, err := os.Open(os.DevNull); err == nil {
		os.Stdin = empty
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	go watchParent(ctx, abandon)
	err := Serve(ctx, p, in, out)
	switch {
	case ctx.Err() != nil:
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

// watchParent calls gone when the caller's process has ended. A caller that is
// killed cannot end its provider, which would stay at its prompt and take what is
// typed for the shell. The end of standard input does not tell: a caller may close
// it after its request.
func watchParent(ctx context.Context, gone func()) {
	for parent := os.Getppid(); os.Getppid() == parent; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
	gone()
}

// Serve greets on out, then answers requests from in until in ends. Programs call
// [Main]; Serve is for other pipes than the process's own, such as a test's.
//
// An error or a panic of the provider becomes an answer. A request that cannot be
// read is answered with the reason, and ends the exchange. When ctx ends, Serve
// returns soon, whatever the provider is doing.
func Serve(ctx context.Context, p Provider, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, p, in, out) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// A provider at its prompt restores the terminal first.
	select {
	case <-done:
	case <-time.After(subprocess.Grace):
	}
	return context.Cause(ctx)
}

func serve(ctx context.Context, p Provider, in io.Reader, out io.Writer) error {
	send := func(message any) error {
		if err := writeLine(out, message); err != nil {
			return fmt.Errorf("failed to write to the caller: %w", err)
		}
		return nil
	}
	if err := send(map[string][]int{"v": {protocolVersion}}); err != nil {
		return err
	}
	requests := newLines(in)
	for {
		line, err := readLine(requests)
		if err == io.EOF {
			return nil
		}
		var req *request
		if err == nil {
			req, err = decodeRequest(line)
		}
		if err != nil {
			// With an error here the caller would show the exit status instead.
			return send((&response{Err: fmt.Errorf("failed to read the request: %w", err)}).message())
		}
		r := answer(ctx, p, req)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := send(r.message()); err != nil {
			return err
		}
	}
}

// answer calls the provider. A panic becomes an error.
func answer(ctx context.Context, p Provider, req *request) (r *response) {
	defer func() {
		if reason := recover(); reason != nil {
			r = &response{Err: fmt.Errorf("the credential provider panicked: %v", reason)}
		}
	}()
	r = &response{Kind: req.Kind}
	switch req.Kind {
	case kindGet:
		var token *Token
		token, r.Err = p.Get(ctx, &req.Request, req.Operation)
		if token == nil && r.Err == nil {
			r.Err = ErrNotFound
		}
		if r.Err == nil {
			r.Token = *token
		}
	case kindLogin:
		r.Err = p.Login(ctx, &req.Request, req.Login)
	case kindLogout:
		r.Err = p.Logout(ctx, &req.Request)
	default:
		r.Err = ErrOperationNotSupported
	}
	return r
}

// Terminal is a [TokenReader] that asks at the terminal and does not show what is
// typed. It opens the terminal itself, so a provider can use it while the protocol
// has standard input and output.
func Terminal(ctx context.Context, prompt string) (config.Secret, error) {
	text, err := terminal.Ask(ctx, prompt)
	var notOpened *fs.PathError
	switch {
	case err == nil:
		return config.NewSecret(text), nil
	case ctx.Err() != nil:
		return config.Secret{}, err
	case errors.As(err, &notOpened) && notOpened.Op == "open":
		return config.Secret{}, fmt.Errorf("there is no terminal to ask for a token: %w", system.Error(err))
	}
	return config.Secret{}, fmt.Errorf("cannot read a token from the terminal: %w", system.Error(err))
}
