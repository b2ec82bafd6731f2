// Command cargo-logout is Cargo's `logout` without Rust: it removes the token
// of a registry from where it is stored.
package main

import (
	"os"

	"github.com/cargo-auth/cargo-auth/internal/cli"
)

func main() { os.Exit(cli.Main(cli.Logout)) }
