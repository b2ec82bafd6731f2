//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// The terminal that the program was started on.
const terminalInput, terminalOutput = "/dev/tty", "/dev/tty"

// hideInput stops the terminal from showing what is typed. A signal that ends
// the program restores it first.
//
// ReadPassword of golang.org/x/term does not take Ctrl-D for the end of the
// input, and leaves the terminal without echo when a signal ends the program.
func hideInput(in *os.File) (restore func(), err error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL

	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // as for a program under nohup
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case s := <-signals:
			_ = unix.IoctlSetTermios(fd, setTermios, before)
			if s == syscall.SIGQUIT {
				// Go would write its stacks over the prompt.
				os.Exit(128 + int(syscall.SIGQUIT))
			}
			signal.Reset(s)
			_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
		case <-done:
		}
	}()
	restore = func() {
		signal.Stop(signals)
		close(done)
		_ = unix.IoctlSetTermios(fd, setTermios, before)
	}
	if err := unix.IoctlSetTermios(fd, setTermios, &hidden); err != nil {
		restore()
		return nil, err
	}
	return restore, nil
}
