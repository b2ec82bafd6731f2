package credential

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/terminal"
)

// Terminal is a [TokenReader] that asks the person at the terminal, whatever
// standard input and output are. What is typed is not shown. It is how a
// provider asks, whose standard input and output are the protocol's.
func Terminal(ctx context.Context, prompt string) (config.Secret, error) {
	text, err := terminal.Ask(ctx, prompt)
	var notOpened *fs.PathError
	switch {
	case err == nil:
		return config.NewSecret(text), nil
	case ctx.Err() != nil:
		return config.Secret{}, err
	case errors.As(err, &notOpened) && notOpened.Op == "open":
		return config.Secret{}, fmt.Errorf("there is no terminal to ask for a token: %w", oserror.New(err))
	}
	return config.Secret{}, fmt.Errorf("cannot read a token from the terminal: %w", oserror.New(err))
}
