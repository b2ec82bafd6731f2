//go:build unix

package parity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// patience is how long one command line may take.
const patience = time.Minute

// A runner carries out the steps of a case and writes the answer.
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
			return fmt.Errorf("tty: want stderr or a number of columns, not %q", word)
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
	cmd.WaitDelay = 5 * time.Second // for children that keep its output open
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
	// An interrupt may end the program before or after the terminal echoes it.
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

// A Program is what runs the command lines of a case.
type Program struct {
	// Cargo is the path of the real cargo, or of a program in its place. It gets
	// the command line as it is.
	Cargo string
	// Bin is the directory of cargo-login and cargo-logout. It is used if Cargo is
	// empty; the command line says which one to run.
	Bin string
}

func (p Program) String() string { return p.Cargo + p.Bin }

// command returns the program and its arguments for a line without its "cargo".
//
// Options before login or logout are cargo's own, and come first for ours too. If
// -C follows the command, ours also gets the command's name, as a subcommand does.
// Without it, -C would count as cargo's own.
func (p Program) command(args []string) (string, []string, error) {
	if p.Cargo != "" {
		return p.Cargo, args, nil
	}
	i := slices.IndexFunc(args, func(a string) bool { return a == "login" || a == "logout" })
	if i < 0 {
		return "", nil, fmt.Errorf("cargo %s: want login or logout", strings.Join(args, " "))
	}
	program, before, after := filepath.Join(p.Bin, "cargo-"+args[i]), args[:i], args[i+1:]
	isDirectory := func(a string) bool { return strings.HasPrefix(a, "-C") }
	if len(before) == 0 && slices.ContainsFunc(after, isDirectory) {
		return program, args, nil
	}
	return program, slices.Concat(before, after), nil
}

// FindCargo finds the real cargo: the one on PATH or, if that is rustup's proxy,
// the one that it runs. The version is what -V prints. Without a cargo both are
// empty.
func FindCargo() (path, version string) {
	path, err := exec.LookPath("cargo")
	if err != nil {
		return "", ""
	}
	rustup := filepath.Join(filepath.Dir(path), "rustup") // in the same directory as its proxies
	if real, err := exec.Command(rustup, "which", "cargo").Output(); err == nil {
		path = string(bytes.TrimSpace(real))
	}
	out, err := exec.Command(path, "-V").Output()
	if err != nil {
		return "", ""
	}
	return path, string(bytes.TrimSpace(out))
}

// Reachable returns a path where every user can run the program. If others cannot
// enter the program's directory, this is a copy in dir.
func Reachable(program, dir string) (string, error) {
	for parent := filepath.Dir(program); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return "", err
		}
		if info.Mode().Perm()&1 == 0 {
			break
		}
		if parent == filepath.Dir(parent) {
			return program, nil
		}
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(dir, filepath.Base(program))
	return copied, os.WriteFile(copied, content, 0o755)
}
