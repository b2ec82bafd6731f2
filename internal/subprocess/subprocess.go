// Package subprocess runs other programs, and makes sure that they end: when the
// context ends, and on Linux and FreeBSD also when their caller is killed. A
// child that the program leaves running does not keep the caller waiting.
//
//	p := subprocess.Program{Path: "git", Args: []string{"--version"}, Env: environ}
//	child, err := p.Start(ctx)
//	output, err := io.ReadAll(child.Stdout)
//	state, err := child.Wait() // or child.Abandon(err)
package subprocess

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// Grace is how long a program may take to end after it was asked to. It may have
// to restore the terminal or report a failure.
const Grace = 500 * time.Millisecond

// maxTrailing is how many bytes a program may write after its answer.
const maxTrailing = 1 << 20

// Program says what to run.
type Program struct {
	// Path is the program. A name without a path separator is looked up on the
	// PATH of Env.
	Path string
	Args []string
	// Dir is the directory to run it in; empty means the caller's.
	Dir string
	Env []string
	// Stdin is the program's standard input; nil means that it is empty.
	Stdin io.Reader
	// PipeStdin lets the caller write to standard input, through [Child.Stdin].
	PipeStdin bool
	// Stderr is the program's standard error; nil drops it.
	Stderr io.Writer
}

// Child is a running program.
type Child struct {
	// Stdout is where the caller reads what the program writes.
	Stdout io.ReadCloser
	// Stdin is set only with [Program.PipeStdin].
	Stdin io.WriteCloser

	ctx context.Context
	cmd *exec.Cmd
	// interrupted is set when ctx ends before the program does. Read it only
	// after the program has ended.
	interrupted bool
}

// Start runs the program. When ctx ends, its pipes are closed and it is asked to
// end; after [Grace] it is killed. The goroutine that calls Start must also call
// [Child.Wait] or [Child.Abandon].
func (p *Program) Start(ctx context.Context) (*Child, error) {
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
	cmd.Env = append([]string{}, p.Env...) // nil would mean the caller's environment
	cmd.Stdin, cmd.Stderr = p.Stdin, p.Stderr
	cmd.SysProcAttr = processAttributes(ctx.Done() != nil)
	cmd.WaitDelay = Grace
	c := &Child{ctx: ctx, cmd: cmd}
	cmd.Cancel = func() error {
		c.interrupted = true
		c.closePipes()
		terminate(cmd)
		return nil
	}
	if c.Stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, system.Error(err)
	}
	if p.PipeStdin {
		if c.Stdin, err = cmd.StdinPipe(); err != nil {
			return nil, system.Error(err)
		}
	}
	// Linux ends the program when the thread that started it ends. Go ends a
	// thread only if a goroutine is locked to it, so lock this one until the
	// program has ended.
	runtime.LockOSThread()
	if err := cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		return nil, system.Error(err)
	}
	return c, nil
}

// Wait waits until the program ends by itself, and returns how it ended. It drops
// what the program still writes, up to a limit.
func (c *Child) Wait() (*os.ProcessState, error) {
	c.closeStdin()
	flooded := make(chan bool, 1)
	go func() {
		n, _ := io.CopyN(io.Discard, c.Stdout, maxTrailing)
		if n == maxTrailing {
			kill(c.cmd)
		}
		flooded <- n == maxTrailing
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

// Abandon ends the program after the exchange with it failed. It returns err, or
// the cause of the context's end if that came first.
func (c *Child) Abandon(err error) error {
	c.closePipes()
	impatience := time.AfterFunc(Grace, func() { kill(c.cmd) })
	defer impatience.Stop()
	if ended := c.wait(); c.interrupted {
		return ended
	}
	return err
}

// wait waits for the program to end. If the context ended it, wait also kills
// what the program has started.
func (c *Child) wait() error {
	defer runtime.UnlockOSThread()
	err := c.cmd.Wait()
	if c.interrupted {
		kill(c.cmd)
		return context.Cause(c.ctx)
	}
	return err
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

// find returns the file to run. Package exec would search the caller's PATH; this
// searches the PATH of the program's environment. It reports a file that may not be
// executed only if the rest of PATH has none that may.
func (p *Program) find() (string, error) {
	if strings.ContainsAny(p.Path, "/"+string(filepath.Separator)) {
		return p.Path, nil
	}
	search, ok := system.LookupEnv(p.Env, "PATH")
	if !ok {
		search = "/bin:/usr/bin" // as the system does
	}
	var found error = syscall.ENOENT
	for _, dir := range filepath.SplitList(search) {
		path := filepath.Join(dir, p.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.Dir, path)
		}
		if runtime.GOOS == "windows" && filepath.Ext(path) == "" {
			path += ".exe"
		}
		_, err := exec.LookPath(path)
		if err == nil {
			return path, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			found = err
		}
	}
	return "", found
}
