// Command cargo-login is Cargo's `login` without Rust: it stores a token for a
// registry.
package main

import (
	"os"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/login"
)

func main() { os.Exit(cli.Main(login.Command)) }
