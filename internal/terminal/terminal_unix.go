//go:build unix

package terminal

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// The terminal that the program was started on.
const terminalInput, terminalOutput = "/dev/tty", "/dev/tty"

// hidden is the terminal that is hidden now. A program hides one at a time, as it
// has one handler for each signal.
var hidden struct {
	sync.Mutex
	fd     int
	before *unix.Termios // nil while nothing is hidden
	now    unix.Termios
}

// fatal are the signals that end a program which does not handle them. Go ignores
// some of them; programs in C and Rust do not.
var fatal = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE,
	syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGVTALRM,
}

var signals = make(chan os.Signal, 16)

// hide makes the terminal hide what is typed, and discards what has been typed
// already. restore undoes the first and does the second once more. A signal that
// ends the program restores the terminal first, and Ctrl-Z restores it until the
// shell continues the program.
//
// ReadPassword of golang.org/x/term leaves the terminal hidden when a signal ends
// the program.
func hide(in *os.File) (restore func(), err error) {
	hidden.Lock()
	defer hidden.Unlock()
	if hidden.before != nil {
		return func() {}, nil
	}
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	now := *before
	now.Lflag = now.Lflag&^(unix.ECHO|unix.ECHONL) | unix.ISIG
	// A program in the background stops here until the user brings it back.
	if err := unix.IoctlSetTermios(fd, setTermios, &now); err != nil {
		return nil, err
	}
	discard(fd)
	hidden.fd, hidden.before, hidden.now = fd, before, now
	watch()
	notify(slices.Concat(fatal, []os.Signal{syscall.SIGTSTP, syscall.SIGCONT})...)
	return sync.OnceFunc(func() {
		hidden.Lock()
		defer hidden.Unlock()
		giveBack()
		hidden.before = nil
		signal.Stop(signals)
		// Once a program has handled SIGTSTP, Go never stops it by that signal again.
		notify(syscall.SIGTSTP)
	}), nil
}

func notify(watched ...os.Signal) {
	for _, s := range watched {
		if !signal.Ignored(s) { // nohup has SIGHUP ignored
			signal.Notify(signals, s)
		}
	}
}

// watch starts to answer signals.
var watch = sync.OnceFunc(func() {
	go func() {
		for s := range signals {
			switch s {
			case syscall.SIGTSTP:
				suspend(os.Getpid())
			case syscall.SIGCONT:
				// Some shells restore the terminal while the program is stopped.
				hideAgain()
			default:
				hidden.Lock()
				giveBack()
				system.Die(s)
			}
		}
	}()
})

// show restores the terminal and reports whether it could. It leaves alone a
// terminal that the shell has taken back. The caller holds the lock.
func show() bool {
	return hidden.before != nil && inForeground(hidden.fd) &&
		unix.IoctlSetTermios(hidden.fd, setTermios, hidden.before) == nil
}

// giveBack restores the terminal, and leaves nothing for the shell to read.
func giveBack() {
	if show() {
		discard(hidden.fd)
	}
}

func hideAgain() {
	hidden.Lock()
	defer hidden.Unlock()
	if hidden.before != nil {
		_ = unix.IoctlSetTermios(hidden.fd, setTermios, &hidden.now)
	}
}

// inForeground reports whether this process group may use the terminal.
func inForeground(fd int) bool {
	owner, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || owner == unix.Getpgrp()
}

// suspend restores the terminal and stops a process, or its whole group if pid is
// 0, until the shell continues it.
func suspend(pid int) {
	session, err := unix.Getsid(0)
	if err != nil || session == unix.Getpgrp() || signal.Ignored(syscall.SIGTSTP) {
		return // no shell would continue it
	}
	hidden.Lock()
	show()
	hidden.Unlock()
	// SIGTTIN stops the process as SIGTSTP would, and Go does not intercept it.
	_ = syscall.Kill(pid, syscall.SIGTTIN)
	time.Sleep(50 * time.Millisecond) // the signal may go to another thread
	hideAgain()
}

// editor reads a line key by key from the hidden terminal, and edits it with the
// keys that are set for the terminal. The terminal's own editing cuts a line after
// 4,095 characters.
type editor struct {
	in    *os.File
	keys  *unix.Termios
	line  []byte
	sent  int // the length of the line at the last Ctrl-D
	ended bool
}

// newEditor switches the hidden terminal to single keys. Ctrl-Z becomes a key as
// well: as a signal it could arrive after the shell has taken the terminal back.
func newEditor(in *os.File) (io.Reader, error) {
	hidden.Lock()
	defer hidden.Unlock()
	now := &hidden.now
	now.Lflag &^= unix.ICANON
	now.Iflag = now.Iflag&^(unix.IGNCR|unix.INLCR) | unix.ICRNL
	now.Cc[unix.VMIN], now.Cc[unix.VTIME], now.Cc[unix.VSUSP] = 1, 0, noKey
	return &editor{in: in, keys: hidden.before}, unix.IoctlSetTermios(hidden.fd, setTermios, now)
}

func (e *editor) Read(p []byte) (int, error) {
	var key [1]byte
	for !e.ended {
		if _, err := e.in.Read(key[:]); err != nil {
			return 0, err
		}
		e.press(key[0])
	}
	if len(e.line) == 0 {
		return 0, io.EOF
	}
	n := copy(p, e.line)
	e.line = e.line[n:]
	return n, nil
}

func (e *editor) press(key byte) {
	is := func(name int) bool { return key != noKey && key == e.keys.Cc[name] }
	switch {
	case key == '\n':
		e.line, e.ended = append(unbracketed(e.line), key), true
	case is(unix.VEOF):
		// As in the terminal's own editing, the first one after text does nothing.
		e.ended = len(e.line) == e.sent
		e.sent = len(e.line)
	case is(unix.VERASE), key == '\b', key == 0x7f:
		_, size := utf8.DecodeLastRune(e.line)
		e.line = e.line[:len(e.line)-size]
	case is(unix.VKILL):
		e.line = nil
	case is(unix.VWERASE):
		e.line = e.line[:bytes.LastIndexByte(bytes.TrimRight(e.line, " "), ' ')+1]
	case is(unix.VSUSP):
		suspend(0)
	case is(unix.VLNEXT), is(unix.VREPRINT):
	default:
		e.line = append(e.line, key)
	}
}

// unbracketed removes the marks that some terminals put around pasted text, when
// an earlier program asked for them and did not turn them off.
func unbracketed(line []byte) []byte {
	line = bytes.ReplaceAll(line, []byte("\x1b[200~"), nil)
	return bytes.ReplaceAll(line, []byte("\x1b[201~"), nil)
}
