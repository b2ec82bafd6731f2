//go:build unix

package config

import (
	"errors"
	"os"
	"syscall"
)

// nonblocking keeps opening a pipe from waiting for its other end.
const nonblocking = syscall.O_NONBLOCK

// narrow takes everybody's access but the owner's.
func narrow(f *os.File, info os.FileInfo) error {
	if info.Mode()&(os.ModePerm|os.ModeSetuid|os.ModeSetgid|os.ModeSticky) == ownerOnly {
		return nil
	}
	return f.Chmod(ownerOnly)
}

// sync waits until the file's content is on the disk, on file systems where
// that can be asked for.
func sync(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
