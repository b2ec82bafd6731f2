// Package filelock locks files as Cargo does: with an advisory lock on the file
// itself, so that both take turns. A lock ends when its file is closed, and so
// also with its process.
package filelock

import (
	"context"
	"errors"
	"os"
)

// errContended says that another holder has the lock.
var errContended = errors.New("the file is locked")

// Exclusive takes the lock that only one may hold, and waits for those who
// hold one; before it starts to wait it calls blocked, which may be nil.
// On file systems without locks, and on NFS where asking for one may never
// return, it does nothing, as Cargo does.
//
// After an error the caller must close f: where ctx ended the wait, a lock
// that still comes is then given back.
func Exclusive(ctx context.Context, f *os.File, blocked func()) error {
	if locked, err := TryExclusive(f); locked || err != nil {
		return err
	}
	if blocked != nil {
		blocked()
	}
	done := make(chan error, 1)
	go func() { done <- wait(f) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// TryExclusive is Exclusive that does not wait. It reports whether it has the
// lock, which it also has where there are no locks.
func TryExclusive(f *os.File) (bool, error) { return tryLock(f, true) }

// TryShared takes the lock that readers can hold together, unless a writer has
// the exclusive one. It reports whether f is safe from writers now, which
// without an error it also is where there are no locks.
func TryShared(f *os.File) (bool, error) { return tryLock(f, false) }

// Unlock gives a lock back before the file is closed.
func Unlock(f *os.File) {
	if !neverLock(f) {
		unlock(f)
	}
}

func tryLock(f *os.File, exclusive bool) (bool, error) {
	if neverLock(f) {
		return true, nil
	}
	err := try(f, exclusive)
	if errors.Is(err, errContended) {
		return false, nil
	}
	return err == nil, err
}
