//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieOf ends the program as the signal does by default.
func dieOf(s os.Signal) {
	if s == syscall.SIGQUIT {
		// Go would write its stacks to the terminal.
		os.Exit(128 + int(syscall.SIGQUIT))
	}
	signal.Reset(s)
	// Another thread may get the signal, a little later.
	_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
	select {}
}

// workingDirectory returns the directory as the system knows it, without symbolic
// links. os.Getwd would trust $PWD.
func workingDirectory() (string, error) { return unix.Getwd() }
