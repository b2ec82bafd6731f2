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

// soon is generous: what it bounds takes half a second, but the machine may be
// busy.
const soon = 20 * time.Second

func TestTheEndOfTheContextEndsTheProgramAndItsChildren(t *testing.T) {
	held, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	// The child ignores SIGTERM and keeps both pipes open.
	p := Program{Path: "sh", Args: []string{"-c", "exec 3<&0; (trap '' TERM; echo; exec sleep 600) & wait"}, Stdin: held}
	ctx, cancel := context.WithCancelCause(t.Context())
	c, err := p.Start(ctx)
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
		t.Skip("at a terminal the program shares its caller's process group")
	}
	for deadline := time.Now().Add(soon); !errors.Is(err, syscall.EPIPE); _, err = ours.Write(buffer) {
		if time.Now().After(deadline) {
			t.Fatalf("the child still runs: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// Linux ends the program when the thread that started it ends, if the package does
// not keep that thread.
func TestAProgramOutlivesThreadsOfItsCaller(t *testing.T) {
	p := Program{Path: "cat", PipeStdin: true}
	c, err := p.Start(t.Context())
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
