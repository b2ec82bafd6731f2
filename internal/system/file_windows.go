package system

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

const nonblocking = 0

func try(f *os.File, exclusive bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return lockFile(f, flags)
}

func wait(f *os.File) error { return lockFile(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

func lockFile(f *os.File, flags uint32) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(handle uintptr) {
		err = windows.LockFileEx(windows.Handle(handle), flags, 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
	})
	switch {
	case controlErr != nil:
		return controlErr
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return errContended
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return nil
	}
	return err
}

func unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
}
