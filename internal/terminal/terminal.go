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
// from in, without its line end. The end of the input ends the line too.
//
// If in is a terminal, what is typed is not shown, and what was typed before
// the prompt or is left when ReadSecret returns is discarded. An interrupt while
// a person types, and the end of ctx, leave the terminal as it was. If out is a
// file but no terminal, the prompt goes to the terminal.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	var keys io.Reader = in
	if term.IsTerminal(int(in.Fd())) {
		// A context may begin here to watch for what ends it.
		_ = ctx.Done()
		restore, err := hide(in)
		if err != nil {
			return "", err
		}
		defer restore()
		if keys, err = newEditor(in); err != nil {
			return "", err
		}
		if file, ok := out.(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
			if terminal, err := os.OpenFile(terminalOutput, os.O_RDWR, 0); err == nil {
				defer terminal.Close()
				out = terminal
			}
		}
	}
	if _, err := fmt.Fprintln(out, prompt); err != nil {
		return "", err
	}
	line, err := ReadLine(ctx, keys)
	switch {
	case err == io.EOF:
		err = nil
	case err == nil && keys != in:
		// The line end was typed, but not shown.
		fmt.Fprintln(out)
	}
	return line, err
}

// Hide stops a terminal from showing what is typed until restore is called,
// which discards it: for the time before a prompt. It does nothing to a file
// that is no terminal, or in the background.
func Hide(in *os.File) (restore func()) {
	if fd := int(in.Fd()); term.IsTerminal(fd) && inForeground(fd) {
		if restore, err := hide(in); err == nil {
			return restore
		}
	}
	return func() {}
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
