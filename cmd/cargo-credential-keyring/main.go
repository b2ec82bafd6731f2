// Command cargo-credential-keyring is a credential provider for Cargo that
// keeps tokens in the operating system's secret store. Run by a person, it
// registers itself in Cargo's configuration and moves tokens into the store.
package main

import (
	"os"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// programName is the program's, and that of its alias in the configuration.
const programName = "cargo-credential-keyring"

// version is set when the program is built.
var version = "devel"

func main() {
	cli.NoCoreDump()
	if len(os.Args) > 1 && os.Args[1] == "--cargo-plugin" {
		credential.Main(provider{})
	}
	shell := cli.NewShell(os.Stdout, os.Stderr, os.Environ())
	ctx, died := cli.UntilSignal()
	command := newCommand(shell)
	if len(os.Args) > 1 && os.Args[1] == "credential-keyring" { // run by Cargo, as its subcommand
		command.SetArgs(os.Args[2:])
	}
	err := command.ExecuteContext(ctx)
	died()
	os.Exit(shell.Report(err))
}
