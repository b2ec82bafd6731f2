package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cargo-auth/cargo-auth/pkg/internal/filelock"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// lockCache takes Cargo's lock of its caches and waits for whoever holds it.
// In a home that cannot be written there is nothing to protect.
func (c *Client) lockCache(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(c.Config.Home, ".package-cache")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) && os.MkdirAll(c.Config.Home, 0o777) == nil {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to open: %s: %w", path, oserror.New(err))
	}
	err = filelock.Exclusive(ctx, f, func() {
		c.status("Blocking", "waiting for file lock on package cache")
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("failed to lock file: %s: %w", path, oserror.New(err))
	}
	return func() { f.Close() }, nil
}
