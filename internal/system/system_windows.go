package system

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

const nonblocking = 0

type lockKind uint32

const (
	shared    lockKind = windows.LOCKFILE_FAIL_IMMEDIATELY
	exclusive lockKind = windows.LOCKFILE_FAIL_IMMEDIATELY | windows.LOCKFILE_EXCLUSIVE_LOCK
)

func lock(f *os.File, kind lockKind) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), uint32(kind), 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return false, nil
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return true, nil
	}
	return err == nil, err
}

func unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
}

// WorkingDirectory returns the directory as the system knows it.
func WorkingDirectory() (string, error) { return os.Getwd() }

// NoCoreDump does nothing: on Windows an administrator decides about dumps.
func NoCoreDump() {}

// Die ends the program as Ctrl-C does by default.
func Die(os.Signal) { os.Exit(int(windows.STATUS_CONTROL_C_EXIT)) }
