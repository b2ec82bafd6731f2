// Command cargo stands in front of Cargo: it has `login` and `logout`, as
// cargo-login and cargo-logout are, and hands every other command line on to
// the next cargo on PATH as it is.
package main

import (
	"os"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
	"github.com/cargo-auth/cargo-auth/cmd/internal/login"
	"github.com/cargo-auth/cargo-auth/cmd/internal/logout"
)

// version is set when the program is built.
var version = "devel"

func main() {
	front := cli.ReadFront(os.Args[1:], os.Environ())
	switch front.Command {
	case cli.Login.Name:
		os.Exit(front.Main(cli.Login, login.Run(version)))
	case cli.Logout.Name:
		os.Exit(front.Main(cli.Logout, logout.Run))
	}
	next := nextCargo(os.Getenv("PATH"))
	if next == "" {
		os.Exit(front.Alone())
	}
	os.Exit(cli.Fail(handOn(next, os.Args[1:])))
}
