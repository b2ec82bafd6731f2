//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// dieOf ends the program as the signal does where nobody handles it.
func dieOf(s os.Signal) {
	signal.Reset(s)
	// The signal may go to another thread, and is late then.
	_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
	select {}
}
