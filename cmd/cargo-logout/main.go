// Command cargo-logout is Cargo's `logout` without Rust: it removes the token
// of a registry from where it is stored.
package main

import (
	"context"
	"os"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

func main() {
	os.Exit(cli.Main(cli.Logout, logout))
}

func logout(ctx context.Context, s *cli.Session) error {
	name, err := s.Registry()
	if err != nil {
		return err
	}
	target, err := registry.ResolveChosen(s.Config, name)
	if err != nil {
		return err
	}
	return s.Chain().Logout(ctx, target.Registry)
}
