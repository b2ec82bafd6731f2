package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/internal/filelock"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// While it waits, a program asks again after a time between these two.
const (
	firstOpenWait = time.Millisecond
	lastOpenWait  = 16 * time.Millisecond
)

// openPatience is more than the 45 seconds after which Linux takes a lease from
// whoever does not give it back.
const openPatience = time.Minute

// fileKind is a file in the home that is opened to be changed.
type fileKind struct {
	// name is the file's without its extension.
	name string
	// mode is that of a new file; narrow says that nobody else shall have access,
	// whatever the umask says.
	mode   os.FileMode
	narrow bool
}

var (
	credentialsKind = fileKind{"credentials", ownerOnly, true}
	configKind      = fileKind{"config", 0o666, false}
)

// path returns the path of the file in the given home.
func (k fileKind) path(home string) string {
	path, _ := new(Config).filePath(home, k.name, false)
	return path
}

// openLocked opens a file to be changed and takes its lock. To wait it closes
// the file: as long as others have it open, the one who writes cannot keep
// readers off it, see [filelock.Lease].
func openLocked(ctx context.Context, kind fileKind, home string, notify func(Notice)) (path string, f *os.File, err error) {
	if err := createHome(home); err != nil {
		return "", nil, err
	}
	said := notify == nil
	for wait := firstOpenWait; ; wait = min(2*wait, lastOpenWait) {
		path = kind.path(home)
		if f, err = openOrCreate(ctx, kind, path); err != nil {
			return "", nil, err
		}
		locked, err := filelock.TryExclusive(f)
		if err == nil {
			err = context.Cause(ctx)
		}
		switch {
		case err != nil:
			f.Close()
			return "", nil, fmt.Errorf("failed to lock file: %s: %w", path, oserror.New(err))
		case locked && isStill(f, kind, home, path):
			return path, f, nil
		}
		f.Close()
		if locked {
			// Somebody has put another file there, whose lock is another.
			continue
		}
		if !said {
			notify(Notice{Kind: Status, Verb: "Blocking", Text: "waiting for file lock on " + kind.name + "' config file"})
			said = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func createHome(home string) error {
	err := os.MkdirAll(home, 0o777)
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOTDIR) {
		if info, statErr := os.Stat(home); statErr == nil && !info.IsDir() {
			err = syscall.EEXIST
		}
	}
	return fmt.Errorf("failed to create directory `%s`: %w", home, oserror.New(err))
}

// openOrCreate opens or creates the file at path; behind a symbolic link the
// file it names, as Cargo does.
func openOrCreate(ctx context.Context, kind fileKind, path string) (*os.File, error) {
	failed := func(err error) error { return fmt.Errorf("failed to open: %s: %w", path, oserror.New(err)) }
	info, err := os.Stat(path)
	if err == nil {
		if err := checkKind(info); err != nil {
			return nil, failed(err)
		}
	}
	f, err := openPatiently(ctx, path, os.O_RDWR, 0)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		f, err = openPatiently(ctx, path, os.O_RDWR|os.O_CREATE, kind.mode)
	}
	if err != nil {
		return nil, failed(err)
	}
	info, err = f.Stat()
	if err == nil {
		err = checkKind(info)
	}
	// The umask may have taken more than it should.
	if err == nil && kind.narrow && created && info.Size() == 0 {
		err = narrow(f, info)
	}
	if err != nil {
		f.Close()
		return nil, failed(err)
	}
	return f, nil
}

// openPatiently opens what should be a regular file. It never waits for the
// other end of a pipe, only for somebody who keeps others from opening the file
// while it is written. Among many writers that is the rule rather than the
// exception, so it goes on asking for as long as one of them could be stuck.
func openPatiently(ctx context.Context, path string, flag int, mode os.FileMode) (*os.File, error) {
	end := time.Now().Add(openPatience)
	for wait := firstOpenWait; ; wait = min(2*wait, lastOpenWait) {
		f, err := os.OpenFile(path, flag|nonblocking, mode)
		if !errors.Is(err, syscall.EAGAIN) || time.Now().After(end) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// checkKind refuses what is no file: a pipe would make us wait for ever, a
// device cannot hold what is written to it. A directory is left to the error
// that opening it gives.
func checkKind(info os.FileInfo) error {
	switch {
	case info.Mode().IsRegular(), info.IsDir():
		return nil
	case info.Mode()&os.ModeDevice != 0:
		return syscall.EINVAL
	}
	return errNotAFile
}

// isStill reports whether path is still that of the kind's file and leads to f.
func isStill(f *os.File, kind fileKind, home, path string) bool {
	if kind.path(home) != path {
		return false
	}
	ours, err := f.Stat()
	if err != nil {
		return true
	}
	theirs, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return os.SameFile(ours, theirs)
}

// errNotAFile says that something stands in the credentials file's place which
// cannot be opened without the danger of waiting for ever.
var errNotAFile = errors.New("not a regular file")
