//go:build unix

package terminal

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// The terminal that the program was started on.
const terminalInput, terminalOutput = "/dev/tty", "/dev/tty"

// hideInput stops the terminal from showing what is typed, and discards what has
// been. A signal that ends the program restores it first and discards what is
// unread. While the program reads, Ctrl-Z too leaves the terminal as it was.
//
// The terminal edits no lines: it would cut a long one, and hand half a line to
// the shell. ReadPassword of golang.org/x/term takes lines from the terminal, and
// leaves it without echo when a signal ends the program.
func hideInput(in *os.File, reads bool) (restore func(discard bool), err error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON
	hidden.Lflag |= unix.ISIG
	hidden.Iflag |= unix.ICRNL
	hidden.Cc[unix.VMIN], hidden.Cc[unix.VTIME] = 1, 0

	signals := make(chan os.Signal, 8)
	watch := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGCONT}
	if reads {
		// What was typed just before Ctrl-Z is kept. Go, once it has watched
		// SIGTSTP, never again lets it stop the program.
		hidden.Lflag |= unix.NOFLSH
		watch = append(watch, syscall.SIGTSTP)
	}
	for _, s := range watch {
		if !signal.Ignored(s) { // as for a program under nohup
			signal.Notify(signals, s)
		}
	}
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		var goOn <-chan time.Time
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if s == syscall.SIGTSTP {
					stopped(fd, before, signals)
					goOn = time.After(100 * time.Millisecond)
					continue
				}
				if s != syscall.SIGCONT {
					_ = unix.IoctlSetTermios(fd, discardTermios, before)
					die(s.(syscall.Signal))
				}
			case <-goOn:
			}
			// A shell may have shown what is typed meanwhile.
			_ = unix.IoctlSetTermios(fd, setTermios, &hidden)
			goOn = nil
		}
	}()
	restore = func(discard bool) {
		close(done)
		<-watched
		signal.Stop(signals)
		how := uint(setTermios)
		if discard {
			how = discardTermios
		}
		_ = unix.IoctlSetTermios(fd, how, before)
	}
	if err := unix.IoctlSetTermios(fd, discardTermios, &hidden); err != nil {
		restore(true)
		return nil, err
	}
	return restore, nil
}

// stopped stops the program once what has been typed is read and the terminal is
// as it was.
func stopped(fd int, before *unix.Termios, signals chan os.Signal) {
	group := unix.Getpgrp()
	if session, err := unix.Getsid(0); err != nil || session == group {
		return // Without a shell that could continue it nothing is stopped.
	}
	for range 100 {
		if unread, err := unix.IoctlGetInt(fd, inputQueue); err != nil || unread == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	// The shell may have the terminal already, if it runs what runs this.
	if owner, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && owner == group {
		_ = unix.IoctlSetTermios(fd, setTermios, before)
	}
	if len(signals) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
}

// die ends the program by a signal.
func die(s syscall.Signal) {
	if s == syscall.SIGQUIT || s == syscall.SIGABRT {
		// Go would write its stacks over the prompt.
		os.Exit(128 + int(s))
	}
	signal.Reset(s)
	_ = syscall.Kill(os.Getpid(), s)
	select {}
}

// editor reads a line from a hidden terminal, with the keys that edit a line.
type editor struct {
	in    *os.File
	line  []byte
	ended error
}

func newEditor(in *os.File) io.Reader { return &editor{in: in} }

func (e *editor) Read(p []byte) (int, error) {
	var key [1]byte
	for e.ended == nil {
		if _, err := e.in.Read(key[:]); err != nil {
			e.ended = err
			break
		}
		switch key[0] {
		case '\n', '\r':
			e.line, e.ended = append(e.line, '\n'), io.EOF
		case 'D' & 0x1f:
			e.ended = io.EOF
		case '\b', 0x7f:
			_, size := utf8.DecodeLastRune(e.line)
			e.line = e.line[:len(e.line)-size]
		case 'U' & 0x1f:
			e.line = nil
		case 'W' & 0x1f:
			e.line = e.line[:bytes.LastIndexByte(bytes.TrimRight(e.line, " "), ' ')+1]
		default:
			e.line = append(e.line, key[0])
		}
	}
	n := copy(p, e.line)
	if e.line = e.line[n:]; n == 0 {
		return 0, e.ended
	}
	return n, nil
}
