package config

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve makes sure that a file may have the given size, and that the file
// system has space for that, where it can tell: then sure is true, and a write
// within that size is not cut short. The file's length stays.
func reserve(f *os.File, size int64) (sure bool, err error) {
	if size == 0 {
		return true, nil
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err == nil && uint64(size) > limit.Cur {
		return false, unix.EFBIG
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	controlErr := conn.Control(func(fd uintptr) {
		for {
			err = unix.Fallocate(int(fd), unix.FALLOC_FL_KEEP_SIZE, 0, size)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	switch {
	case controlErr != nil:
		return false, controlErr
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG), errors.Is(err, unix.EIO):
		return false, err
	}
	return err == nil, nil
}

// syncData leaves out the times of the file, for which the disk would be waited
// for once more.
func syncData(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(fd uintptr) {
		for {
			err = unix.Fdatasync(int(fd))
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	if controlErr != nil {
		return controlErr
	}
	return err
}
