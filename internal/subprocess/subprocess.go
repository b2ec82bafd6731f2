// Package subprocess runs programs that end with their caller: no wait for one
// outlasts its context, and its own children are not waited for.
package subprocess

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// Grace is how long a program that is to end may take to do so by itself: it
// may have to put the terminal back, or to say what has failed.
const Grace = 500 * time.Millisecond

// longestRest is how many bytes a program may write after its answer.
const longestRest = 1 << 20

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
	// interrupted is set once ctx has ended before the program; it is read after
	// the program has.
	interrupted bool
}

// Start runs the program. Once ctx ends its pipes are closed and it is asked to
// end, and killed if it does not within [Grace]. The goroutine that starts a
// program waits for it, or abandons it.
func (p *Program) Start(ctx context.Context, writeStdin bool) (*Child, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	path, err := p.find()
	if err != nil {
		return nil, system.Error(err)
	}
	cmd := exec.CommandContext(ctx, path, p.Args...)
	cmd.Args[0] = p.Path
	cmd.Dir = p.Dir
	cmd.Env = append([]string{}, p.Env...) // nil would be the process's own
	cmd.Stdin, cmd.Stderr = p.Stdin, p.Stderr
	cmd.SysProcAttr = processAttributes(ctx.Done() != nil)
	cmd.WaitDelay = Grace
	c := &Child{ctx: ctx, cmd: cmd}
	cmd.Cancel = func() error {
		c.interrupted = true
		c.closePipes()
		terminateProcess(cmd)
		return nil
	}
	if c.Stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, system.Error(err)
	}
	if writeStdin {
		if c.Stdin, err = cmd.StdinPipe(); err != nil {
			return nil, system.Error(err)
		}
	}
	// The end of this thread would end the program on Linux. A thread of Go's
	// ends only with a goroutine that is locked to it, which none but this one
	// can be until the program has ended.
	runtime.LockOSThread()
	if err := cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		return nil, system.Error(err)
	}
	return c, nil
}

func (c *Child) closePipes() {
	c.closeStdin()
	c.Stdout.Close()
}

func (c *Child) closeStdin() {
	if c.Stdin != nil {
		c.Stdin.Close()
	}
}

// wait waits for the end of the program. If ctx has ended it, what the program
// has started is killed with it.
func (c *Child) wait() error {
	defer runtime.UnlockOSThread()
	err := c.cmd.Wait()
	if c.interrupted {
		killProcess(c.cmd)
		return context.Cause(c.ctx)
	}
	return err
}

// Abandon ends a program whose exchange has failed, and returns why it has:
// the end of the context rather than what follows from it.
func (c *Child) Abandon(err error) error {
	c.closePipes()
	impatience := time.AfterFunc(Grace, func() { killProcess(c.cmd) })
	defer impatience.Stop()
	if ended := c.wait(); c.interrupted {
		return ended
	}
	// The failure is known already; how the program ends adds nothing.
	return err
}

// Wait waits until the program has ended by itself. What it still writes is
// read and dropped, up to a limit.
func (c *Child) Wait() (*os.ProcessState, error) {
	c.closeStdin()
	flooded := make(chan bool, 1)
	go func() {
		n, _ := io.CopyN(io.Discard, c.Stdout, longestRest)
		if n == longestRest {
			killProcess(c.cmd)
		}
		flooded <- n == longestRest
	}()
	err := c.wait()
	var exit *exec.ExitError
	switch {
	case c.interrupted:
		return nil, err
	case <-flooded:
		return nil, errors.New("it does not stop writing to standard output")
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return nil, system.Error(err)
	}
	return c.cmd.ProcessState, nil
}

// find returns the file to run. A name without a path separator is looked up
// on the PATH of the program's environment, as the system's own look-up does:
// a file that may not be executed is passed over, but is what the error says
// if nothing better comes, and so is a name that no file can have. Package exec would look on the caller's PATH.
func (p *Program) find() (string, error) {
	if strings.ContainsAny(p.Path, "/"+string(filepath.Separator)) {
		return p.Path, nil
	}
	var found error = syscall.ENOENT
	if p.Path == "" {
		return "", found
	}
	search, ok := system.LookupEnv(p.Env, "PATH")
	if !ok {
		search = defaultSearchPath
	}
	for _, dir := range filepath.SplitList(search) {
		path := filepath.Join(dir, p.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.Dir, path)
		}
		err := executable(path)
		if err == nil {
			return path, nil
		}
		if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EINVAL) {
			found = err
		}
	}
	return "", found
}
