package credential

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

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
	if err := writeLine(out, greeting{[]uint32{protocolVersion}}.appendJSON(nil)); err != nil {
		return err
	}
	requests := bufio.NewReader(in)
	for {
		line, err := readLine(requests)
		if err == nil && len(line) == 0 {
			return nil
		}
		var req *request
		if err == nil {
			req, err = decodeRequest(line)
			clear(line)
		}
		if err != nil {
			failed := &requestError{err}
			if err := writeLine(out, (&response{Err: failed}).appendJSON(nil)); err != nil {
				return err
			}
			return failed
		}
		r := answer(ctx, p, req)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := writeLine(out, r.appendJSON(nil)); err != nil {
			return err
		}
	}
}

func writeLine(out io.Writer, line []byte) error {
	line = append(line, '\n')
	_, err := out.Write(line)
	clear(line)
	if err != nil {
		return fmt.Errorf("failed to write to the caller: %w", oserror.New(err))
	}
	return nil
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
