package credential

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

// grace is how long a program whose exchange has failed may take to end by
// itself, so that what it says on standard error about the failure is not cut
// short.
const grace = 500 * time.Millisecond

var errWritesOn = errors.New("it does not stop writing to standard output")

// program says how to run a program.
type program struct {
	path   string
	args   []string
	dir    string
	env    []string
	stdin  io.Reader
	stderr io.Writer
}

// child is a running program, whose standard output is read here.
type child struct {
	ctx    context.Context
	cmd    *exec.Cmd
	stdout io.ReadCloser
	// stdin is nil unless the program's standard input is written here.
	stdin io.WriteCloser
	// ended is closed when the program has ended.
	ended chan struct{}
	// forget ends the watch over ctx. If that has begun to kill the program, it
	// returns false, and killed is closed when that is done.
	forget func() bool
	killed chan struct{}
}

// start runs the program. Once ctx ends its pipes are closed and it is asked to
// end, since it may have to put the terminal back, and then killed, so that
// nobody waits for it, or for what it left behind.
func (p *program) start(ctx context.Context, writeStdin bool) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	path, err := p.find()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path:        path,
		Args:        append([]string{p.path}, p.args...),
		Dir:         p.dir,
		Env:         p.env,
		Stdin:       p.stdin,
		Stderr:      p.stderr,
		SysProcAttr: processAttributes(ctx),
		WaitDelay:   grace,
	}
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	c := &child{ctx: ctx, cmd: cmd, ended: make(chan struct{}), killed: make(chan struct{})}
	if c.stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, oserror.New(err)
	}
	if writeStdin {
		if c.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, oserror.New(err)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, oserror.New(err)
	}
	c.forget = context.AfterFunc(ctx, func() {
		c.closeStdin()
		c.stdout.Close()
		terminateProcess(c.cmd.Process, c.cmd.SysProcAttr)
		select {
		case <-c.ended:
		case <-time.After(grace):
		}
		c.kill()
		close(c.killed)
	})
	return c, nil
}

func (c *child) kill() { killProcess(c.cmd.Process, c.cmd.SysProcAttr) }

func (c *child) closeStdin() {
	if c.stdin != nil {
		c.stdin.Close()
	}
}

// abandon ends a program whose exchange has failed, and returns why it has:
// the end of the context rather than what follows from it.
func (c *child) abandon(err error) error {
	c.closeStdin()
	c.stdout.Close()
	impatience := time.AfterFunc(grace, c.kill)
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
func (c *child) end() (err, interrupted error) {
	err = c.cmd.Wait()
	close(c.ended)
	if !c.forget() {
		<-c.killed
		return err, context.Cause(c.ctx)
	}
	return err, nil
}

// wait waits until the program has ended by itself. What it still writes is
// read and dropped, up to a limit.
func (c *child) wait() (*os.ProcessState, error) {
	c.closeStdin()
	var flooded atomic.Bool
	go func() {
		n, _ := io.CopyN(io.Discard, c.stdout, maxLine)
		if n == maxLine {
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
func (p *program) find() (string, error) {
	if strings.ContainsRune(p.path, 0) || strings.ContainsRune(strings.Join(p.args, ""), 0) {
		return "", errors.New("nul byte found in provided data")
	}
	if p.path == "" {
		return "", oserror.New(syscall.ENOENT)
	}
	if strings.ContainsRune(p.path, '/') || strings.ContainsRune(p.path, filepath.Separator) {
		return p.path, nil
	}
	var found error = syscall.ENOENT
	for _, dir := range filepath.SplitList(p.searchPath()) {
		path := filepath.Join(dir, p.path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.dir, path)
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

func (p *program) searchPath() string {
	for i := len(p.env) - 1; i >= 0; i-- {
		name, value, _ := strings.Cut(p.env[i], "=")
		if name == "PATH" || pathIsAnyCase && strings.EqualFold(name, "PATH") {
			return value
		}
	}
	return defaultSearchPath
}
