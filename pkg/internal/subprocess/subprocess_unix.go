//go:build unix

package subprocess

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultSearchPath is where the system looks without a PATH.
const defaultSearchPath = "/bin:/usr/bin"

const pathIsAnyCase = false

// processAttributes puts a program that may be killed into a process group of
// its own, so that the kill takes along what it has started. Not so with a
// terminal: there a program in another group could not ask the user anything.
// Nor if nothing will ever end it: a signal to the caller's group is then all
// that ends a program that hangs.
func processAttributes(ends bool) *syscall.SysProcAttr {
	if !ends {
		return nil
	}
	terminal, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err == nil {
		unix.Close(terminal)
		return nil
	}
	return &syscall.SysProcAttr{Setpgid: true}
}

func killProcess(p *os.Process, attributes *syscall.SysProcAttr) {
	signalProcess(p, attributes, syscall.SIGKILL)
}

// terminateProcess asks a program to end.
func terminateProcess(p *os.Process, attributes *syscall.SysProcAttr) {
	signalProcess(p, attributes, syscall.SIGTERM)
}

func signalProcess(p *os.Process, attributes *syscall.SysProcAttr, s syscall.Signal) {
	// An error says that the process has ended, which is what is wanted.
	if attributes != nil && attributes.Setpgid {
		_ = syscall.Kill(-p.Pid, s)
	}
	_ = p.Signal(s)
}

// executable says whether a file is there to be run, or why not.
func executable(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		return false, syscall.EACCES
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		return false, err
	}
	return true, nil
}

// DescribeStatus says how a program has ended in Rust's words, which Cargo
// shows: "exit status: 3", "signal: 9 (SIGKILL)".
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
