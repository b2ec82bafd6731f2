//go:build unix

package parity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// patience is how long one command line may take.
const patience = time.Minute

// A runner carries a case's steps out and notes what comes of them.
type runner struct {
	program Program
	world   *world
	dir     string
	env     []string
	tty     *terminal.Session // of the next run
	answer  strings.Builder
}

// Run runs a case with a program and returns its answer.
func (c *Case) Run(ctx context.Context, p Program) (string, error) {
	w, err := newWorld(c)
	if err != nil {
		return "", err
	}
	defer w.close()
	r := &runner{
		program: p,
		world:   w,
		dir:     w.path("work"),
		env: []string{
			"PATH=/usr/bin:/bin",
			"HOME=" + w.path("user"),
			"CARGO_HOME=" + w.path("home"),
			"TERM=xterm-256color",
			"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"__CARGO_TEST_CRATES_IO_URL_DO_NOT_USE_THIS=" + w.registry.Index("crates-io"),
		},
	}
	for _, s := range c.steps {
		if err := r.step(ctx, s); err != nil {
			return "", err
		}
	}
	return normalise(r.answer.String(), w), nil
}

func (r *runner) step(ctx context.Context, s step) error {
	words := make([]string, len(s.words))
	for i, word := range s.words {
		words[i] = r.world.expand(word)
	}
	switch words[0] {
	case "cargo":
		return r.run(ctx, words[1:], r.world.expand(s.stdin), s.line)
	case "env":
		r.setenv(words[1])
	case "cd":
		r.dir = filepath.Join(r.world.path("work"), words[1])
	case "as":
		r.world.nobody = words[1] == "nobody"
	case "tty":
		return r.terminal(words[1:])
	case "type":
		if r.tty == nil {
			r.tty = new(terminal.Session)
		}
		r.tty.Steps = append(r.tty.Steps, terminal.Step{After: words[1], Type: words[2]})
	case "stop":
		return r.world.registry.Close()
	default:
		return r.world.change(words)
	}
	return nil
}

// setenv takes NAME=value or -NAME.
func (r *runner) setenv(setting string) {
	name, _, set := strings.Cut(strings.TrimPrefix(setting, "-"), "=")
	var kept []string
	for _, e := range r.env {
		if !strings.HasPrefix(e, name+"=") {
			kept = append(kept, e)
		}
	}
	if set {
		kept = append(kept, setting)
	}
	r.env = kept
}

func (r *runner) terminal(words []string) error {
	r.tty = new(terminal.Session)
	for _, word := range words {
		if word == "stderr" {
			r.tty.StderrOnly = true
		} else if _, err := fmt.Sscan(word, &r.tty.Columns); err != nil {
			return fmt.Errorf("tty: neither stderr nor columns: %q", word)
		}
	}
	return nil
}

func (r *runner) run(ctx context.Context, args []string, stdin, line string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name, args, err := r.program.command(args)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.WaitDelay = 5 * time.Second // for what it leaves behind with its output open
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if r.world.nobody && os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	before, err := r.world.snapshot()
	if err != nil {
		return err
	}
	var screen []byte
	if r.tty != nil {
		screen, err = r.tty.Run(cmd)
		r.tty = nil
	} else {
		err = cmd.Run()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("cargo %s: %w after %s", strings.Join(args, " "), ctx.Err(), patience)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && cmd.ProcessState == nil {
		return err
	}
	fmt.Fprintf(&r.answer, "$ %s\n", line)
	// An interrupt may end the program before the terminal has echoed it, or after.
	r.answer.WriteString(block("terminal", strings.ReplaceAll(string(screen), "^C", "")))
	r.answer.WriteString(block("stdout", stdout.String()))
	r.answer.WriteString(block("stderr", stderr.String()))
	fmt.Fprintf(&r.answer, "%s\n", cmd.ProcessState)
	after, err := r.world.snapshot()
	if err != nil {
		return err
	}
	r.answer.WriteString(changes(before, after))
	r.answer.WriteString(r.world.requests())
	return nil
}
