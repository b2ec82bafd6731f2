//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieOf ends the program as the signal does where nothing handles it.
func dieOf(s os.Signal) {
	if s == syscall.SIGQUIT {
		// Go would write its stacks to the terminal.
		os.Exit(128 + int(syscall.SIGQUIT))
	}
	signal.Reset(s)
	// The signal may go to another thread, and is late then.
	_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
	select {}
}

// workingDirectory returns the directory without symbolic links, as the system
// knows it: os.Getwd would believe $PWD.
func workingDirectory() (string, error) { return unix.Getwd() }
