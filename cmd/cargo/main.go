// Command cargo stands in front of Cargo: it has `login` and `logout`, as
// cargo-login and cargo-logout are, and hands every other command line on to
// the next cargo on PATH as it is.
package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/login"
	"github.com/cargo-auth/cargo-auth/internal/system"
)

// version is set when the program is built.
var version = "devel"

func main() {
	front := cli.ReadFront(os.Args[1:], os.Environ())
	switch front.Command {
	case cli.Login.Name:
		os.Exit(front.Main(cli.Login, login.Run(version)))
	case cli.Logout.Name:
		os.Exit(front.Main(cli.Logout, cli.RunLogout))
	}
	next := nextCargo(os.Getenv("PATH"))
	if next == "" {
		os.Exit(cli.Fail(front.Alone()))
	}
	os.Exit(cli.Fail(handOn(next, os.Args[1:])))
}

// nextCargo returns the cargo that has the other commands: the first one on
// PATH after this program, or else the first one before it, which may be what
// has run this one; "" if there is none. This program and its copies are passed
// over. As in package os/exec, a directory that is not absolute does not count.
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

// isCopy reports whether a program is this one, of any version.
func isCopy(program string) bool {
	own, ok := debug.ReadBuildInfo()
	other, err := buildinfo.ReadFile(program)
	return ok && err == nil && other.Path == own.Path
}

// Rustup's proxies count in this variable how often they have handed on, and
// give up after 20 times.
const recursion = "RUST_RECURSION_COUNT"

// handOn runs the next cargo in place of this process, or says why it cannot.
func handOn(next string, args []string) error {
	count, _ := strconv.Atoi(os.Getenv(recursion))
	if count > 20 {
		return fmt.Errorf("infinite recursion detected: `%s` comes back to this `cargo`\n\n"+
			"help: take one of the two off PATH, or run Cargo itself by its path", next)
	}
	_ = os.Setenv(recursion, strconv.Itoa(count+1))
	err := replaceProcess(next, args, os.Environ())
	return fmt.Errorf("could not execute process `%s` (never executed): %w", next, system.Error(err))
}

// runChild runs a program with this one's input and output and returns its exit
// code. What interrupts both is for the child to answer. Only Windows needs it.
func runChild(program string, args, environ []string) (int, error) {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(program, args...)
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
