package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// patience is how long a command may take to end after a signal. A provider
// program that it runs gets half a second of it.
const patience = 2 * time.Second

// UntilSignal returns a context that ends when a signal asks the program to
// end, so that a credential provider ends with it and a file that is being
// written is whole. After that the program dies of the signal, as it would have
// at once: in died, or when it has taken too long to get there.
func UntilSignal() (ctx context.Context, died func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as for a program under nohup
			signal.Notify(signals, s)
		}
	}
	var received os.Signal
	go func() {
		received = <-signals
		cancel()
		time.Sleep(patience)
		dieOf(received)
	}()
	return ctx, func() {
		if ctx.Err() != nil {
			dieOf(received)
		}
	}
}
