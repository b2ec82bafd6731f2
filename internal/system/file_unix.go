//go:build unix

package system

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nonblocking keeps opening a pipe from waiting for its other end, and a terminal
// from becoming the process's own.
const nonblocking = unix.O_NONBLOCK | unix.O_NOCTTY

func try(f *os.File, exclusive bool) error {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	return flock(f, how|unix.LOCK_NB)
}

func wait(f *os.File) error { return flock(f, unix.LOCK_EX) }

func unlock(f *os.File) { _ = flock(f, unix.LOCK_UN) }

// flock keeps the descriptor from being closed, and its number from being
// taken by another file, while the call lasts.
func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(fd uintptr) {
		for {
			err = unix.Flock(int(fd), how)
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
