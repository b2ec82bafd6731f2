//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

func notifyInterrupt(signals chan<- os.Signal) {
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
}

func stopNotify(signals chan<- os.Signal) { signal.Stop(signals) }

// raise ends the process by the signal, as if nobody had caught it.
func raise(s os.Signal) {
	signal.Reset(s)
	_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
}
