package filelock

import (
	"os"

	"golang.org/x/sys/unix"
)

// neverLock reports whether f is on NFS, where a call may block for ever even
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
