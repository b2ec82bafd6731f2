package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/cargo-auth/cargo-auth/pkg/internal/filelock"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// openAttempts is how often a file is opened again that others replace while
// this program waits for its lock.
const openAttempts = 20

// openLocked opens the credentials file and takes its lock.
func openLocked(ctx context.Context, home string, notify func(Notice)) (path string, f *os.File, err error) {
	if err := createHome(home); err != nil {
		return "", nil, err
	}
	said := false
	blocked := func() {
		if !said && notify != nil {
			notify(Notice{Kind: Status, Verb: "Blocking", Text: "waiting for file lock on credentials' config file"})
		}
		said = true
	}
	for range openAttempts {
		path, _ = new(Config).filePath(home, "credentials", false)
		if f, err = openCredentials(path); err != nil {
			return "", nil, err
		}
		if err := filelock.Exclusive(ctx, f, blocked); err != nil {
			f.Close()
			return "", nil, fmt.Errorf("failed to lock file: %s: %w", path, oserror.New(err))
		}
		if isStill(f, home, path) {
			return path, f, nil
		}
		// Somebody has put another file there, whose lock is another.
		f.Close()
	}
	return "", nil, fmt.Errorf("failed to lock file: %s: %w", path, errors.New("the file is being replaced again and again"))
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

// openCredentials opens or creates the file at path; behind a symbolic link
// the file it names, as Cargo does.
func openCredentials(path string) (*os.File, error) {
	failed := func(err error) error { return fmt.Errorf("failed to open: %s: %w", path, oserror.New(err)) }
	info, err := os.Stat(path)
	if err == nil {
		if err := checkKind(info); err != nil {
			return nil, failed(err)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|nonblocking, 0)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|nonblocking, ownerOnly)
	}
	if err != nil {
		return nil, failed(err)
	}
	info, err = f.Stat()
	if err == nil {
		err = checkKind(info)
	}
	// The umask may have taken more than it should.
	if err == nil && created && info.Size() == 0 {
		err = narrow(f, info)
	}
	if err != nil {
		f.Close()
		return nil, failed(err)
	}
	return f, nil
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

// isStill reports whether path is still the credentials file and leads to f.
func isStill(f *os.File, home, path string) bool {
	if current, _ := new(Config).filePath(home, "credentials", false); current != path {
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

// read reads and parses the whole file.
func (f *CredentialsFile) read() error {
	content, err := io.ReadAll(f.file)
	if err != nil {
		return fmt.Errorf("failed to read configuration file `%s`: %w", f.path, oserror.New(err))
	}
	defer clear(content)
	return f.parse(content)
}
