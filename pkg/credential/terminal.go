package credential

import (
	"context"
	"fmt"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// Terminal is a [TokenReader] that asks the person at the terminal, whatever
// standard input and output are. What is typed is not shown. It is how a
// provider asks, whose standard input and output are the protocol's.
func Terminal(ctx context.Context, prompt string) (config.Secret, error) {
	in, out, err := openTerminal()
	if err != nil {
		return config.Secret{}, fmt.Errorf("there is no terminal to ask for a token: %w", oserror.New(err))
	}
	defer out.Close()
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		in.Close()
		return config.Secret{}, fmt.Errorf("cannot hide a token at the terminal: %w", oserror.New(err))
	}
	fmt.Fprintln(out, prompt)
	type answer struct {
		line []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		typed <- answer{line, err}
		in.Close()
	}()
	select {
	case <-ctx.Done():
		// The reader stays until a line is typed or the process ends; the
		// terminal must show what is typed again now.
		_ = term.Restore(fd, state)
		fmt.Fprintln(out)
		return config.Secret{}, context.Cause(ctx)
	case a := <-typed:
		fmt.Fprintln(out)
		if a.err != nil {
			return config.Secret{}, fmt.Errorf("cannot read a token from the terminal: %w", oserror.New(a.err))
		}
		defer clear(a.line)
		return config.NewSecret(string(a.line)), nil
	}
}
