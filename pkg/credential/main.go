package credential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// pluginArgument is the single argument with which Cargo runs a provider.
const pluginArgument = "--cargo-plugin"

// Main is the main function of a program that is a credential provider:
//
//	func main() { credential.Main(store{}) }
//
// It greets the caller, answers any number of requests, and exits at the end of
// standard input, on an interrupt, or when the caller has ended. While it runs,
// os.Stdin is empty and os.Stdout is standard error, so that nothing the
// provider prints or reads gets into the exchange. To ask the user, a provider
// takes [Terminal].
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
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	go watchParent(ctx, abandon)
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

// parentWatch is how often a provider looks whether its caller is still there.
const parentWatch = 200 * time.Millisecond

// watchParent calls gone when the program that runs this one has ended. A caller
// that was killed cannot end its provider, which would stay at its prompt and
// take what is typed for the shell. That standard input ends says nothing: a
// caller may close it behind its request.
func watchParent(ctx context.Context, gone func()) {
	parent := os.Getppid()
	ticker := time.NewTicker(parentWatch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if os.Getppid() != parent {
				gone()
				return
			}
		}
	}
}
