package system

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lease makes every program that opens the file wait until end is called, even one
// that uses no locks. The system grants it only if no other program has the file open.
// Lease waits a moment for that, and reports whether it was granted.
func Lease(f *os.File) (end func(), granted bool) {
	const attempts = 100
	for range attempts {
		_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK)
		if err == nil {
			return func() { unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK) }, true
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return func() {}, false
}

// neverLock reports whether f is on NFS, where even a call that should not wait may
// never return.
func neverLock(f *os.File) bool {
	var stat unix.Statfs_t
	return unix.Fstatfs(int(f.Fd()), &stat) == nil && int64(stat.Type) == unix.NFS_SUPER_MAGIC
}

func setNotDumpable() bool { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) == nil }
