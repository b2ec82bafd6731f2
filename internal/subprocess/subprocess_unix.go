//go:build unix

package subprocess

import (
	"os/exec"
	"syscall"

	"github.com/cargo-auth/cargo-auth/internal/terminal"
)

// processAttributes decides the program's process group and the signal that it
// gets when its caller is killed.
//
// Without a terminal a program that can be interrupted gets a group of its own,
// so that killing the group also kills what it has started. At a terminal it
// stays in the caller's group, since another group could not ask the user
// anything. So does a program that is never interrupted: then only a signal to
// the caller's group can end it if it hangs.
//
// At a terminal the death of the caller is told by SIGTERM, which lets the
// program restore the terminal; elsewhere by SIGKILL, which it cannot ignore.
func processAttributes(interruptible bool) *syscall.SysProcAttr {
	if terminal.Present() {
		return withDeathSignal(&syscall.SysProcAttr{}, syscall.SIGTERM)
	}
	return withDeathSignal(&syscall.SysProcAttr{Setpgid: interruptible}, syscall.SIGKILL)
}

func kill(c *exec.Cmd) { sendSignal(c, syscall.SIGKILL) }

// terminate asks a program to end.
func terminate(c *exec.Cmd) { sendSignal(c, syscall.SIGTERM) }

func sendSignal(c *exec.Cmd, s syscall.Signal) {
	// An error means that the process has already ended.
	if c.SysProcAttr.Setpgid {
		_ = syscall.Kill(-c.Process.Pid, s)
	}
	_ = c.Process.Signal(s)
}
