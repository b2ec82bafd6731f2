// Package logout is Cargo's `logout` without Rust: it removes the token of a
// registry from where it is stored. It has no network code.
package logout

import (
	"context"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
)

// Run is the command.
func Run(ctx context.Context, s *cli.Session) error {
	target, err := s.Target()
	if err != nil {
		return err
	}
	return s.Chain().Logout(ctx, target.Registry)
}
