//go:build unix

package credential

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultSearchPath is where the system looks without a PATH.
const defaultSearchPath = "/bin:/usr/bin"

const pathIsAnyCase = false

// processAttributes puts the program into a process group of its own, so that
// a kill takes what it has started along, unless there is a terminal: there a
// program in another group could not ask the user anything, and an interrupt
// from the keyboard reaches both of us only if the group is one.
func processAttributes() *syscall.SysProcAttr {
	terminal, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err == nil {
		unix.Close(terminal)
		return nil
	}
	return &syscall.SysProcAttr{Setpgid: true}
}

func killProcess(p *os.Process, attributes *syscall.SysProcAttr) {
	// An error says that the process has ended, which is what is wanted.
	if attributes != nil && attributes.Setpgid {
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
	_ = p.Kill()
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

// describeStatus says how a program has ended in Rust's words, which Cargo
// shows: "exit status: 3", "signal: 9 (SIGKILL)".
func describeStatus(state *os.ProcessState) string {
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
