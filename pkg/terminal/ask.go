package terminal

import (
	"context"
	"os"
)

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
