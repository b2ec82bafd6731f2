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
)

// The terminal that the program was started on.
const terminalInput, terminalOutput = "/dev/tty", "/dev/tty"

// hidden is the terminal that does not show what is typed. A program has one at
// a time, as it has one handler for each signal.
var hidden struct {
	sync.Mutex
	fd     int
	before *unix.Termios // nil while nothing is hidden
	now    unix.Termios
}

// endings are the signals that end a program unless it watches them. Go ignores
// some of them; C and Rust do not.
var endings = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE,
	syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGVTALRM,
}

var signals = make(chan os.Signal, 16)

// hide stops the terminal from showing what is typed, and discards what has
// been typed. So does restore, which puts the terminal back. A signal that ends
// the program restores the terminal first. While the program is stopped by
// Ctrl-Z, the terminal is as it was.
//
// ReadPassword of golang.org/x/term leaves the terminal hidden when a signal
// ends the program.
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
	// In the background the program stops here until it has the terminal.
	if err := unix.IoctlSetTermios(fd, setTermios, &now); err != nil {
		return nil, err
	}
	discard(fd)
	hidden.fd, hidden.before, hidden.now = fd, before, now
	watch()
	notify(slices.Concat(endings, []os.Signal{syscall.SIGTSTP, syscall.SIGCONT})...)
	return sync.OnceFunc(func() {
		hidden.Lock()
		defer hidden.Unlock()
		giveBack()
		hidden.before = nil
		signal.Stop(signals)
		// Go, once it has watched SIGTSTP, never again lets it stop the program.
		notify(syscall.SIGTSTP)
	}), nil
}

func notify(watched ...os.Signal) {
	for _, s := range watched {
		if !signal.Ignored(s) { // as for a program under nohup
			signal.Notify(signals, s)
		}
	}
}

// watch begins to answer signals.
var watch = sync.OnceFunc(func() {
	go func() {
		for s := range signals {
			switch s {
			case syscall.SIGTSTP:
				suspend(os.Getpid())
			case syscall.SIGCONT:
				// A shell may have shown what is typed meanwhile.
				hideAgain()
			default:
				hidden.Lock()
				giveBack()
				die(s.(syscall.Signal))
			}
		}
	}()
})

// show puts the terminal back and reports whether it has, as the shell may have
// the terminal already. The caller holds the lock.
func show() bool {
	return hidden.before != nil && inForeground(hidden.fd) &&
		unix.IoctlSetTermios(hidden.fd, setTermios, hidden.before) == nil
}

// giveBack is show at the end: nothing is left for the shell to read.
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

// inForeground reports whether a terminal is for this process group to use.
func inForeground(fd int) bool {
	owner, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || owner == unix.Getpgrp()
}

// suspend stops a process, or all of the group if pid is 0, until the shell
// continues it.
func suspend(pid int) {
	session, err := unix.Getsid(0)
	if err != nil || session == unix.Getpgrp() || signal.Ignored(syscall.SIGTSTP) {
		return // there is no shell that could
	}
	hidden.Lock()
	show()
	hidden.Unlock()
	// Like SIGTSTP, this stops only what a shell can continue; but Go leaves it
	// to the system.
	_ = syscall.Kill(pid, syscall.SIGTTIN)
	time.Sleep(50 * time.Millisecond) // another thread may take the signal
	hideAgain()
}

// die ends the program by a signal.
func die(s syscall.Signal) {
	if s != syscall.SIGHUP && s != syscall.SIGINT && s != syscall.SIGTERM {
		// Go would ignore it, or write its stacks over the prompt.
		os.Exit(128 + int(s))
	}
	signal.Reset(s)
	_ = syscall.Kill(os.Getpid(), s)
	select {}
}

// editor reads a line from a hidden terminal, with the keys that edit a line.
type editor struct {
	in    *os.File
	keys  *unix.Termios
	line  []byte
	sent  int // how long the line was at the last end of the input
	ended bool
}

// newEditor has the hidden terminal hand over each key, as it would cut a line of
// 4,096 characters. Ctrl-Z is a key too: by the time that its signal came, the
// shell might have the terminal.
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
		// As in a line of the terminal's own, one after text does nothing yet.
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

// unbracketed removes what a terminal puts around pasted text, if a program has
// asked for it and left it so.
func unbracketed(line []byte) []byte {
	line = bytes.ReplaceAll(line, []byte("\x1b[200~"), nil)
	return bytes.ReplaceAll(line, []byte("\x1b[201~"), nil)
}
