package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/internal/filelock"
	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// credentialsContent is what a credentials file holds.
type credentialsContent struct {
	path    string
	content []byte
	tree    *node
}

// readCredentials reads and parses the credentials file at path.
func readCredentials(path string) (*credentialsContent, error) {
	content, err := readLocked(path)
	if err != nil {
		return nil, err
	}
	tree, err := parseTOML(content, &Definition{Kind: File, Path: path})
	if err != nil {
		return nil, fileError(path, err)
	}
	return &credentialsContent{path, content, tree}, nil
}

// A writer has the lock for some milliseconds. Who has it longer is not
// writing, and a reader that waited for it would wait in silence.
const (
	firstReadWait = time.Millisecond
	lastReadWait  = 256 * time.Millisecond
)

// readLocked reads the credentials file while nobody writes to it. Like Cargo,
// which takes no lock to read, it reads in any case, but first gives a writer
// the time to finish. It creates nothing, and writes nothing.
func readLocked(path string) ([]byte, error) {
	content, err := readFileLocked(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read configuration file `%s`: %w", path, oserror.New(err))
	}
	return content, nil
}

func readFileLocked(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return nil, nil
	}
	f, err := openPatiently(context.Background(), path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errNotAFile
	}
	for wait := firstReadWait; wait <= lastReadWait; wait *= 2 {
		ok, err := filelock.TryShared(f)
		if ok {
			// Not left to Close: should that fail, we would wait for ourselves.
			defer filelock.Unlock(f)
		}
		if ok || err != nil {
			// Without the lock it is read as Cargo reads it.
			break
		}
		time.Sleep(wait)
	}
	return readAll(f)
}

// readAll reads a file to its end.
func readAll(f *os.File) ([]byte, error) {
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil {
		content.Grow(int(min(info.Size(), 1<<24)) + bytes.MinRead)
	}
	_, err := content.ReadFrom(f)
	return content.Bytes(), err
}
