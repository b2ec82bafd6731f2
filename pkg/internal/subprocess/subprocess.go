// Package subprocess runs programs that end with their caller: no wait for one
// outlasts its context, and what it leaves behind is not waited for.
package subprocess

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// Grace is how long a program whose exchange has failed may take to end by
// itself, so that what it says on standard error about the failure is not cut
// short.
const Grace = 500 * time.Millisecond

// longestRest is how many bytes a program may write that nobody wants.
const longestRest = 1 << 20

// errWritesOn says that a program that should end writes on and on, and has
// been killed.
var errWritesOn = errors.New("it does not stop writing to standard output")

// Program says how to run a program.
type Program struct {
	// Path is the program. Without a path separator it is looked up on the PATH
	// of Env.
	Path string
	Args []string
	// Dir is the directory to run it in; empty is the process's own.
	Dir string
	Env []string
	// A nil Stdin is empty, a nil Stderr drops what is written.
	Stdin  io.Reader
	Stderr io.Writer
}

// Child is a running program, whose standard output is read here.
type Child struct {
	Stdout io.ReadCloser
	// Stdin is nil unless the program's standard input is written here.
	Stdin io.WriteCloser

	ctx context.Context
	cmd *exec.Cmd
	// ended is closed when the program has ended.
	ended chan struct{}
	// forget ends the watch over ctx. If that has begun to kill the program, it
	// returns false, and killed is closed when that is done.
	forget func() bool
	killed chan struct{}
}

// Start runs the program. Once ctx ends its pipes are closed and it is asked to
// end, since it may have to put the terminal back, and then killed, so that
// nobody waits for it, or for what it left behind.
func (p *Program) Start(ctx context.Context, writeStdin bool) (*Child, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	path, err := p.find()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path:        path,
		Args:        append([]string{p.Path}, p.Args...),
		Dir:         p.Dir,
		Env:         p.Env,
		Stdin:       p.Stdin,
		Stderr:      p.Stderr,
		SysProcAttr: processAttributes(ctx.Done() != nil),
		WaitDelay:   Grace,
	}
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	c := &Child{ctx: ctx, cmd: cmd, ended: make(chan struct{}), killed: make(chan struct{})}
	if c.Stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, oserror.New(err)
	}
	if writeStdin {
		if c.Stdin, err = cmd.StdinPipe(); err != nil {
			return nil, oserror.New(err)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, oserror.New(err)
	}
	c.forget = context.AfterFunc(ctx, func() {
		c.closeStdin()
		c.Stdout.Close()
		terminateProcess(c.cmd.Process, c.cmd.SysProcAttr)
		select {
		case <-c.ended:
		case <-time.After(Grace):
		}
		c.kill()
		close(c.killed)
	})
	return c, nil
}

func (c *Child) kill() { killProcess(c.cmd.Process, c.cmd.SysProcAttr) }

func (c *Child) closeStdin() {
	if c.Stdin != nil {
		c.Stdin.Close()
	}
}

// Abandon ends a program whose exchange has failed, and returns why it has:
// the end of the context rather than what follows from it.
func (c *Child) Abandon(err error) error {
	c.closeStdin()
	c.Stdout.Close()
	impatience := time.AfterFunc(Grace, c.kill)
	// The failure is known already; how the program ends adds nothing.
	_, interrupted := c.end()
	impatience.Stop()
	if interrupted != nil {
		return interrupted
	}
	return err
}

// end waits for the end of the program. The second error says that it has been
// ended with the context.
func (c *Child) end() (err, interrupted error) {
	err = c.cmd.Wait()
	close(c.ended)
	if !c.forget() {
		<-c.killed
		return err, context.Cause(c.ctx)
	}
	return err, nil
}

// Wait waits until the program has ended by itself. What it still writes is
// read and dropped, up to a limit.
func (c *Child) Wait() (*os.ProcessState, error) {
	c.closeStdin()
	var flooded atomic.Bool
	go func() {
		n, _ := io.CopyN(io.Discard, c.Stdout, longestRest)
		if n == longestRest {
			flooded.Store(true)
			c.kill()
		}
	}()
	err, interrupted := c.end()
	var exit *exec.ExitError
	switch {
	case interrupted != nil:
		return nil, interrupted
	case flooded.Load():
		return nil, errWritesOn
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return nil, oserror.New(err)
	}
	return c.cmd.ProcessState, nil
}

// find returns the file to run. A name without a path separator is looked up
// on the PATH of the program's environment, as the system's own look-up does:
// a file that may not be executed is passed over, but is what the error says
// if nothing better comes.
func (p *Program) find() (string, error) {
	if strings.ContainsRune(p.Path, 0) || strings.ContainsRune(strings.Join(p.Args, ""), 0) {
		return "", errors.New("nul byte found in provided data")
	}
	if p.Path == "" {
		return "", oserror.New(syscall.ENOENT)
	}
	if strings.ContainsRune(p.Path, '/') || strings.ContainsRune(p.Path, filepath.Separator) {
		return p.Path, nil
	}
	var found error = syscall.ENOENT
	for _, dir := range filepath.SplitList(p.searchPath()) {
		path := filepath.Join(dir, p.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.Dir, path)
		}
		ok, err := executable(path)
		if ok {
			return path, nil
		}
		if errors.Is(err, syscall.EACCES) {
			found = err
		}
	}
	return "", oserror.New(found)
}

func (p *Program) searchPath() string {
	for i := len(p.Env) - 1; i >= 0; i-- {
		name, value, _ := strings.Cut(p.Env[i], "=")
		if name == "PATH" || pathIsAnyCase && strings.EqualFold(name, "PATH") {
			return value
		}
	}
	return defaultSearchPath
}
