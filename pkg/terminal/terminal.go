// Package terminal reads what a person types, and what nobody should see. It has
// no editing beyond the terminal's own, no colours and no menus.
//
//	token, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, "please paste the token below")
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ReadSecret writes the prompt as a line of its own to out and reads a line
// from in, without its line end. If in is a terminal, what is typed is not
// shown. The end of the input ends the line too.
//
// An interrupt while a person types, and the end of ctx, leave the terminal as
// it was.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		if _, err := fmt.Fprintln(out, prompt); err != nil {
			return "", err
		}
		return ReadLine(ctx, in)
	}
	// A context may begin here to watch for what ends it.
	_ = ctx.Done()
	// Only what is typed after the prompt can be hidden for sure.
	restore, err := hideInput(in)
	if err != nil {
		return "", err
	}
	defer restore()
	if _, err := fmt.Fprintln(out, prompt); err != nil {
		return "", err
	}
	line, ended, err := readLineUntil(ctx, in)
	if ended {
		// The line end was typed, but not shown.
		fmt.Fprintln(out)
	}
	return line, err
}

// ReadLine reads a line without its line end. It reads no byte beyond, which
// may be for somebody else, unless ctx ends first: a reader stays then until
// there is a line or the process ends.
func ReadLine(ctx context.Context, in io.Reader) (string, error) {
	line, _, err := readLineUntil(ctx, in)
	return line, err
}

// readLineUntil is ReadLine that says whether a line end was read.
func readLineUntil(ctx context.Context, in io.Reader) (line string, ended bool, err error) {
	type answer struct {
		line  string
		ended bool
		err   error
	}
	done := ctx.Done()
	if done == nil {
		return readLine(in)
	}
	read := make(chan answer, 1)
	go func() {
		line, ended, err := readLine(in)
		read <- answer{line, ended, err}
	}()
	select {
	case <-done:
		return "", false, context.Cause(ctx)
	case a := <-read:
		return a.line, a.ended, a.err
	}
}

func readLine(in io.Reader) (line string, ended bool, err error) {
	var text strings.Builder
	var b [1]byte
	for {
		n, err := in.Read(b[:])
		switch {
		case n == 1 && b[0] == '\n':
			return strings.TrimSuffix(text.String(), "\r"), true, nil
		case n == 1:
			text.WriteByte(b[0])
		case err == io.EOF:
			return text.String(), false, nil
		case err != nil:
			return "", false, err
		}
	}
}
