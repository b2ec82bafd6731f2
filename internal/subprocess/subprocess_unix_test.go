//go:build unix

package subprocess

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestProgramStaysInTheGroupOfACallerThatNeverEndsIt(t *testing.T) {
	if got := processAttributes(false); got.Setpgid {
		t.Errorf("it is run with %+v", got)
	}
}

// soon is how long something may take that takes half a second, on a machine
// that has much else to do.
const soon = 20 * time.Second

func TestTheEndOfTheContextEndsTheProgramAndItsChildren(t *testing.T) {
	held, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	// The child ignores that it is asked to end, and keeps both pipes.
	p := Program{Path: "sh", Args: []string{"-c", "exec 3<&0; (trap '' TERM; echo; exec sleep 600) & wait"}, Stdin: held}
	ctx, cancel := context.WithCancelCause(t.Context())
	c, err := p.Start(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	held.Close()
	buffer := make([]byte, 1)
	if _, err := c.Stdout.Read(buffer); err != nil {
		t.Fatal(err)
	}
	reason := errors.New("enough")
	hang := time.AfterFunc(soon, func() { panic("reading goes on after the end of the context") })
	cancel(reason)
	_, err = c.Stdout.Read(buffer)
	hang.Stop()
	if err == nil {
		t.Error("the program has written more")
	}
	if err := c.Abandon(err); err != reason {
		t.Errorf("the error is %v, want %v", err, reason)
	}
	if !c.cmd.SysProcAttr.Setpgid {
		t.Skip("in a terminal the children are not in a group of their own")
	}
	for deadline := time.Now().Add(soon); !errors.Is(err, syscall.EPIPE); _, err = ours.Write(buffer) {
		if time.Now().After(deadline) {
			t.Fatalf("the child is still there: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// On Linux a program is told of the end of the thread that has started it.
func TestAProgramOutlivesThreadsOfItsCaller(t *testing.T) {
	p := Program{Path: "cat"}
	c, err := p.Start(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	var threads sync.WaitGroup
	for range 100 {
		threads.Go(func() { runtime.LockOSThread() }) // it ends with its thread
		runtime.Gosched()
	}
	threads.Wait()
	if _, err := c.Stdin.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if state, err := c.Wait(); err != nil || !state.Success() {
		t.Errorf("it ended with %v, %v", state, err)
	}
}
