package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// patience is how long a command may take to end after a signal. A provider
// program that it runs gets half a second of it.
const patience = 2 * time.Second

// UntilSignal returns a context that ends when a signal asks the program to
// end, so that a credential provider ends with it and a terminal is as it was.
// After that the program dies of the signal, as it would have at once: in died,
// or when it has taken too long to get there.
//
// Signals are watched from the moment on that somebody waits for the end of the
// context. Until then there is nothing to clean up, and to begin takes a tenth
// of the time of a whole logout.
func UntilSignal() (ctx context.Context, died func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var received os.Signal
	watch := func() {
		signals := notified()
		go func() {
			received = <-signals
			cancel()
			time.Sleep(patience)
			dieOf(received)
		}()
	}
	return signalContext{ctx, sync.OnceFunc(watch)}, func() {
		if ctx.Err() != nil {
			dieOf(received)
		}
	}
}

// signalContext begins to watch for signals when it is waited for.
type signalContext struct {
	context.Context
	watch func()
}

func (c signalContext) Done() <-chan struct{} {
	c.watch()
	return c.Context.Done()
}

// notified returns a channel that gets the signals that ask the program to end.
func notified() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as for a program under nohup
			signal.Notify(signals, s)
		}
	}
	return signals
}
