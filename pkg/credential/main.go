package credential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// pluginArgument is the single argument with which Cargo runs a provider.
const pluginArgument = "--cargo-plugin"

// Main is the main function of a program that is a credential provider:
//
//	func main() { credential.Main(store{}) }
//
// It greets the caller, answers any number of requests, and exits at the end of
// standard input or on an interrupt. While it runs, os.Stdin is empty and
// os.Stdout is standard error, so that nothing the provider prints or reads
// gets into the exchange. To ask the user, a provider takes [Terminal].
//
// Run without --cargo-plugin, it says that it is no program for people, and
// exits with status 1. A program that is one as well looks at its arguments
// first.
func Main(p Provider) {
	if len(os.Args) != 2 || os.Args[1] != pluginArgument {
		fmt.Fprintf(os.Stderr, "error: `%s` is a credential provider for Cargo, which runs it with `%s`\n",
			filepath.Base(os.Args[0]), pluginArgument)
		os.Exit(1)
	}
	os.Exit(serveProcess(p))
}

// serveProcess serves on the process's standard input and output, and returns
// its exit status.
func serveProcess(p Provider) int {
	in, out := os.Stdin, os.Stdout
	os.Stdout = os.Stderr
	if empty, err := os.Open(os.DevNull); err == nil {
		os.Stdin = empty
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := Serve(ctx, p, in, out)
	switch {
	case ctx.Err() != nil:
		return 130
	case errors.As(err, new(*requestError)):
		// The caller has been told, and would show the exit status instead.
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}
