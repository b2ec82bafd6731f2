//go:build unix

package subprocess

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultSearchPath is where the system looks without a PATH.
const defaultSearchPath = "/bin:/usr/bin"

// processAttributes puts a program that may be killed into a process group of
// its own, so that the kill takes along what it has started. Not so with a
// terminal: there a program in another group could not ask the user anything.
// Nor if nothing will ever end it: a signal to the caller's group is then all
// that ends a program that hangs.
//
// Where the system can, it ends a program whose caller is killed: with a
// terminal by a signal that lets it put that back, else for certain.
func processAttributes(ends bool) *syscall.SysProcAttr {
	terminal, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err == nil {
		unix.Close(terminal)
		return attributesWithDeathSignal(syscall.SIGTERM)
	}
	attributes := attributesWithDeathSignal(syscall.SIGKILL)
	attributes.Setpgid = ends
	return attributes
}

func killProcess(c *exec.Cmd) { signalProcess(c, syscall.SIGKILL) }

// terminateProcess asks a program to end.
func terminateProcess(c *exec.Cmd) { signalProcess(c, syscall.SIGTERM) }

func signalProcess(c *exec.Cmd, s syscall.Signal) {
	// An error says that the process has ended, which is what is wanted.
	if c.SysProcAttr.Setpgid {
		_ = syscall.Kill(-c.Process.Pid, s)
	}
	_ = c.Process.Signal(s)
}

// executable says why a file cannot be run.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return syscall.EACCES
	}
	return unix.Access(path, unix.X_OK)
}

// DescribeStatus says how a program has ended as Cargo does: "exit status: 3",
// "signal: 9 (SIGKILL)".
func DescribeStatus(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return fmt.Sprintf("exit status: %d", state.ExitCode())
	}
	text := fmt.Sprintf("signal: %d", status.Signal())
	if name := unix.SignalName(status.Signal()); name != "" {
		text += " (" + name + ")"
	}
	if status.CoreDump() {
		text += " (core dumped)"
	}
	return text
}
