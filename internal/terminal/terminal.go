// Package terminal asks a person for a secret, and does not show what they type.
// The terminal's own keys edit the line; colours and menus do not exist here.
//
//	token, err := terminal.ReadSecret(ctx, os.Stdin, os.Stderr, "please paste the token below")
//
// However the prompt ends, the terminal gets its old settings back: at the end of
// the line, at the end of the context, at a signal that ends the program (except
// SIGKILL), and while Ctrl-Z stops it. Text typed before the prompt, or left after
// the line, is discarded: it reaches neither the screen nor the shell.
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ReadSecret writes the prompt and a line feed to out, and reads a line from in,
// without its line end. The end of the input also ends the line.
//
// If in is a terminal, what is typed is not shown. If out is then a file that is
// no terminal, the prompt goes to the terminal instead.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	var keys io.Reader = in
	if term.IsTerminal(int(in.Fd())) {
		// Some contexts start to watch for signals here. That must come before the
		// handlers of hide.
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
	var line string
	var err error
	read := make(chan struct{})
	go func() {
		line, err = ReadLine(keys)
		close(read)
	}()
	select {
	case <-ctx.Done():
		// The goroutine goes on reading until the process ends.
		return "", context.Cause(ctx)
	case <-read:
	}
	switch {
	case err == io.EOF:
		err = nil
	case err == nil && keys != in:
		// The line end that was typed has not been shown.
		fmt.Fprintln(out)
	}
	return line, err
}

// Hide hides what is typed until restore is called, which discards it. It is for
// the time before a prompt. It does nothing if in is no terminal, or if the program
// runs in the background.
func Hide(in *os.File) (restore func()) {
	if fd := int(in.Fd()); term.IsTerminal(fd) && inForeground(fd) {
		if restore, err := hide(in); err == nil {
			return restore
		}
	}
	return func() {}
}

// Ask reads a secret from the terminal that the program was started on, wherever
// its standard streams go: in a credential provider the protocol uses them. It
// fails if there is no terminal.
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

// ReadLine reads a line without its line end. At the end of the input it returns
// io.EOF, unless text without a line end comes first. It reads no byte after the
// line, since that may be for another reader.
func ReadLine(in io.Reader) (string, error) {
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
