//go:build unix

package system

import (
	"errors"
	"os"

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

func unlock(f *os.File) { _ = lock(f, unix.LOCK_UN) }

// lock keeps the descriptor open during the call, so that its number does not become
// that of another file.
func lock(f *os.File, how lockKind) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(fd uintptr) {
		for {
			err = unix.Flock(int(fd), int(how))
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	switch {
	case controlErr != nil:
		return controlErr
	case errors.Is(err, unix.EWOULDBLOCK):
		return errContended
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		return nil
	}
	return err
}
