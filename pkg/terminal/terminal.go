// Package terminal reads what a person types, without showing it. It has no
// editing beyond the terminal's own, no colours and no menus.
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
	hidden := term.IsTerminal(int(in.Fd()))
	if hidden {
		// A context may begin here to watch for what ends it.
		_ = ctx.Done()
		// Only what is typed after the prompt can be hidden for sure.
		restore, err := hideInput(in)
		if err != nil {
			return "", err
		}
		defer restore()
	}
	if _, err := fmt.Fprintln(out, prompt); err != nil {
		return "", err
	}
	line, err := ReadLine(ctx, in)
	switch {
	case err == io.EOF:
		return "", nil
	case err == nil && hidden:
		// The line end was typed, but not shown.
		fmt.Fprintln(out)
	}
	return line, err
}

// Ask reads a secret from the terminal that the program was started on,
// wherever its standard streams go: those of a credential provider are taken by
// the protocol. It fails if there is no terminal.
func Ask(ctx context.Context, prompt string) (string, error) {
	in, err := os.OpenFile(terminalInput, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(terminalOutput, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer out.Close()
	return ReadSecret(ctx, in, out, prompt)
}

// Present reports whether the program was started on a terminal.
func Present() bool {
	in, err := os.OpenFile(terminalInput, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	in.Close()
	return true
}

// ReadLine reads a line without its line end. At the end of the input the error
// is io.EOF, unless a last line without a line end comes first.
//
// It reads no byte beyond the line, which may be for another reader, unless ctx
// ends first: a goroutine then goes on reading until there is a line or the
// process ends. A caller that does not trust the input limits it.
func ReadLine(ctx context.Context, in io.Reader) (string, error) {
	var line string
	var err error
	read := make(chan struct{})
	go func() {
		line, err = readLine(in)
		close(read)
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-read:
		return line, err
	}
}

func readLine(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for {
		n, err := in.Read(b[:])
		switch {
		case n == 1 && b[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n == 1:
			line = append(line, b[0])
		case err == io.EOF && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}
