//go:build unix

package system

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// nonblocking opens a pipe without a wait for its other end, and a terminal without
// making it the process's own.
const nonblocking = unix.O_NONBLOCK | unix.O_NOCTTY

type lockKind int

const (
	shared    lockKind = unix.LOCK_SH | unix.LOCK_NB
	exclusive lockKind = unix.LOCK_EX | unix.LOCK_NB
)

func unlock(f *os.File) { _, _ = lock(f, unix.LOCK_UN) }

func lock(f *os.File, how lockKind) (bool, error) {
	err := unix.Flock(int(f.Fd()), int(how))
	switch {
	case errors.Is(err, unix.EINTR):
		return lock(f, how)
	case errors.Is(err, unix.EWOULDBLOCK):
		return false, nil
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		return true, nil
	}
	return err == nil, err
}

// WorkingDirectory returns the directory as the system knows it, without symbolic
// links. os.Getwd would trust $PWD.
func WorkingDirectory() (string, error) { return unix.Getwd() }

// NoCoreDump keeps the memory of this process, which may contain tokens, out of core
// dumps. On Linux it also closes the process to other programs of the user, and
// programs that it runs do not inherit this; elsewhere they do.
func NoCoreDump() {
	if !setNotDumpable() {
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}
}

// Die ends the program as a signal does by default.
func Die(s os.Signal) {
	number := s.(syscall.Signal)
	if number != syscall.SIGHUP && number != syscall.SIGINT && number != syscall.SIGTERM {
		// Go ignores some of these, and writes its stacks at the others.
		os.Exit(128 + int(number))
	}
	signal.Reset(s)
	// Another thread may get the signal, a little later.
	_ = syscall.Kill(os.Getpid(), number)
	select {}
}
