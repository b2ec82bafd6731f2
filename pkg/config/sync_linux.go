package config

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

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
