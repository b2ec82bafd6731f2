package config

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve checks that a file may have the given size, and reserves the space for it
// without changing its length. sure says that it did: then no write within that size
// is cut short. Some file systems cannot reserve space.
func reserve(f *os.File, size int64) (sure bool, err error) {
	if size == 0 {
		return true, nil
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err == nil && uint64(size) > limit.Cur {
		return false, unix.EFBIG
	}
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG), errors.Is(err, unix.EIO):
			return false, err
		default:
			return err == nil, nil
		}
	}
}

// syncData does not sync the times of the file, which takes another wait for the
// disk.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
