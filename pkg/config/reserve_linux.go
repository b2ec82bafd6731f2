package config

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve makes sure that the file system has space for a file of the given
// size, where it can tell. The file's length stays.
func reserve(f *os.File, size int64) error {
	conn, err := f.SyscallConn()
	if err != nil || size == 0 {
		return err
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
		return controlErr
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG), errors.Is(err, unix.EIO):
		return err
	}
	return nil
}
