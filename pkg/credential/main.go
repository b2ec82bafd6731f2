package credential

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
)

// pluginArgument is the single argument with which Cargo runs a provider.
const pluginArgument = "--cargo-plugin"

// Main is the main function of a program that is a credential provider:
//
//	func main() { credential.Main(store{}) }
//
// It greets the caller, answers any number of requests, and exits at the end of
// standard input, on an interrupt, or when the caller has ended. While it runs,
// os.Stdin is empty and os.Stdout is standard error, so that nothing the
// provider prints or reads gets into the exchange. To ask the user, a provider
// takes [Terminal].
//
// Run without --cargo-plugin, it says that it is no program for people, and
// exits with status 1. A program that is one as well looks at its arguments
// first.
func Main(p Provider) {
	if len(os.Args) != 2 || os.Args[1] != pluginArgument {
		fmt.Fprintf(os.Stderr, "error: `%s` is a credential provider for Cargo, which runs it with `%s`\n",
			filepath.Base(os.Args[0]), pluginArgument)
		os.Exit(1)
	}
	os.Exit(serveProcess(p))
}

// serveProcess serves on the process's standard input and output, and returns
// its exit status.
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
	case errors.As(err, new(*requestError)):
		// The caller has been told, and would show the exit status instead.
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

// watchParent calls gone when the program that runs this one has ended. A caller
// that was killed cannot end its provider, which would stay at its prompt and
// take what is typed for the shell. That standard input ends says nothing: a
// caller may close it after its request.
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

// Serve is the provider's side of the protocol: it greets on out, and answers
// the requests that it reads from in until in ends. [Main] is what a program
// calls; Serve is for one that has other pipes than its own.
//
// An error or a panic of the provider is an answer and ends nothing. A request
// that cannot be read is answered with what is wrong with it, and ends the
// exchange with an error. When ctx ends, Serve returns soon, whatever the
// provider or in is doing.
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
	// A provider that is asking the user puts the terminal back first.
	select {
	case <-done:
	case <-time.After(subprocess.Grace):
	}
	return context.Cause(ctx)
}

// requestError says that a request could not be read. The caller has been
// told.
type requestError struct{ cause error }

func (e *requestError) Error() string { return "failed to read the request: " + e.cause.Error() }
func (e *requestError) Unwrap() error { return e.cause }

func serve(ctx context.Context, p Provider, in io.Reader, out io.Writer) error {
	say := func(message any) error {
		if err := writeLine(out, message); err != nil {
			return fmt.Errorf("failed to write to the caller: %w", err)
		}
		return nil
	}
	if err := say(greetingMessage{[]uint32{protocolVersion}}); err != nil {
		return err
	}
	requests := bufio.NewReader(in)
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
			failed := &requestError{err}
			if err := say((&response{Err: failed}).message()); err != nil {
				return err
			}
			return failed
		}
		r := answer(ctx, p, req)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := say(r.message()); err != nil {
			return err
		}
	}
}

// answer asks the provider, and makes a panic an error.
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
