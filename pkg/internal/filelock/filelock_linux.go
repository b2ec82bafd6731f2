package filelock

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lease makes every program that opens the file wait until end is called, even
// one that knows nothing of locks. That is granted, where the system can do it at all,
// while no other program has the file open; Lease waits a moment for that, and
// reports whether it was.
func Lease(f *os.File) (end func(), granted bool) {
	for range leaseAttempts {
		err := setLease(f, unix.F_WRLCK)
		if err == nil {
			return func() { setLease(f, unix.F_UNLCK) }, true
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			break
		}
		time.Sleep(leaseWait)
	}
	return func() {}, false
}

const (
	leaseAttempts = 100
	leaseWait     = time.Millisecond
)

func setLease(f *os.File, kind int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(fd uintptr) { _, err = unix.FcntlInt(fd, unix.F_SETLEASE, kind) })
	return errors.Join(controlErr, err)
}

// neverLock reports whether f is on NFS, where a call may never return, even
// when it is told not to.
func neverLock(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var stat unix.Statfs_t
	controlErr := conn.Control(func(fd uintptr) { err = unix.Fstatfs(int(fd), &stat) })
	return controlErr == nil && err == nil && int64(stat.Type) == unix.NFS_SUPER_MAGIC
}
