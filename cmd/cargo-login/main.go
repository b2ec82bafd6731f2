// Command cargo-login is Cargo's `login` without Rust: it stores a token for a
// registry.
package main

import (
	"os"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/login"
)

// version is set when the program is built.
var version = "devel"

func main() {
	os.Exit(cli.Main(cli.Login, version, login.Run(version)))
}
