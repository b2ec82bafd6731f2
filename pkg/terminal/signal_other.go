//go:build !unix

package terminal

import (
	"os"
	"os/signal"
)

func notifyInterrupt(signals chan<- os.Signal) { signal.Notify(signals, os.Interrupt) }

func stopNotify(signals chan<- os.Signal) { signal.Stop(signals) }

func raise(os.Signal) { os.Exit(130) }
