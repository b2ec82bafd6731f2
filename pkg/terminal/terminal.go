// Package terminal reads what a person types and nobody should see.
package terminal

import (
	"bufio"
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
// An interrupt while a person types leaves the terminal as it was.
func ReadSecret(in *os.File, out io.Writer, prompt string) (string, error) {
	if _, err := fmt.Fprintln(out, prompt); err != nil {
		return "", err
	}
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	restore, err := restoreOnInterrupt(in)
	if err != nil {
		return "", err
	}
	defer restore()
	line, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(out)
	if err != nil && err != io.EOF {
		return "", err
	}
	return string(line), nil
}

// restoreOnInterrupt has the terminal's state restored before an interrupt
// ends the program. The caller calls what it returns once it has read.
func restoreOnInterrupt(in *os.File) (stop func(), err error) {
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	notifyInterrupt(signals)
	go func() {
		select {
		case s := <-signals:
			_ = term.Restore(int(in.Fd()), state)
			raise(s)
		case <-done:
		}
	}()
	return func() {
		stopNotify(signals)
		close(done)
	}, nil
}
