// Command cargo stands in front of Cargo: it runs `login` and `logout` itself, and
// hands every other command line unchanged to the next cargo on PATH.
package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/login"
	"github.com/cargo-auth/cargo-auth/internal/system"
)

func main() {
	os.Exit(cli.Front([]*cli.Command{login.Command, cli.Logout}, handOn))
}

// nextCargo returns the cargo for the other commands: the first on PATH after this
// program, or else the first before it, which may have run this one; empty if PATH
// has neither. It skips copies of this program and, as os/exec does, directories
// that are not absolute.
func nextCargo(path string) string {
	var self os.FileInfo
	if executable, err := os.Executable(); err == nil {
		self, _ = os.Stat(executable)
	}
	before, passed := "", false
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		program, err := exec.LookPath(filepath.Join(dir, "cargo"))
		if err != nil {
			continue
		}
		info, err := os.Stat(program)
		switch {
		case err != nil:
		case os.SameFile(info, self):
			passed = true
		case isCopy(program):
		case passed:
			return program
		case before == "":
			before = program
		}
	}
	return before
}

// isCopy reports whether a program is this one, in any version.
func isCopy(program string) bool {
	own, ok := debug.ReadBuildInfo()
	other, err := buildinfo.ReadFile(program)
	return ok && err == nil && other.Path == own.Path
}

// Rustup's proxies count their calls in this variable, and give up after 20.
const recursion = "RUST_RECURSION_COUNT"

// handOn replaces this process by the next cargo. It returns only if it fails.
func handOn() error {
	next := nextCargo(os.Getenv("PATH"))
	if next == "" {
		return cli.ErrNoCargo
	}
	count, _ := strconv.Atoi(os.Getenv(recursion))
	if count > 20 {
		return fmt.Errorf("infinite recursion detected: `%s` comes back to this `cargo`\n\n"+
			"help: take one of the two off PATH, or run Cargo itself by its path", next)
	}
	_ = os.Setenv(recursion, strconv.Itoa(count+1))
	err := become(next, os.Args[1:])
	return fmt.Errorf("could not execute process `%s` (never executed): %w", next, system.Error(err))
}

// become replaces this process by a program. Windows cannot: there the program runs
// as a child, and this process exits with its status.
func become(program string, args []string) error {
	if runtime.GOOS != "windows" {
		return syscall.Exec(program, append([]string{program}, args...), os.Environ())
	}
	code, err := runChild(program, args)
	if err == nil {
		os.Exit(code)
	}
	return err
}

// runChild runs a program with the input and output of this one and returns its exit
// code. An interrupt reaches both; the child decides what it does.
func runChild(program string, args []string) (int, error) {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
