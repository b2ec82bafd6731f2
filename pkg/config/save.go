package config

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// This chapter opens files of the home under their lock, reads them, and writes them
// so that a reader at any moment finds a whole document.

const (
	// A writer has the lock for some milliseconds. Whoever has it longer is not
	// writing, and a reader says nothing while it waits.
	lastReadWait = 256 * time.Millisecond
	// grace is the time that a reader without a lock gets to notice the end of the
	// file after it has read the rest.
	grace = 10 * time.Millisecond
)

// ownerOnly is the mode of the credentials file.
const ownerOnly = 0o600

// fileKind is a kind of file in the home that is changed.
type fileKind struct {
	// name is the file's without its extension.
	name string
	// mode is that of a new file.
	mode os.FileMode
}

var (
	credentialsKind = fileKind{"credentials", ownerOnly}
	configKind      = fileKind{"config", 0o666}
)

// path returns the path of the file in the given home.
func (k fileKind) path(home string) string {
	path, _ := new(Config).filePath(home, k.name)
	return path
}

// openLocked opens a file to be changed and takes its lock. It closes the file while
// it waits, because a writer gets a lease only if no other program has the file open,
// see [system.Lease].
func openLocked(ctx context.Context, kind fileKind, home string, notify func(Message)) (path string, f *os.File, err error) {
	if err := os.MkdirAll(home, 0o777); err != nil {
		return "", nil, fmt.Errorf("failed to create directory `%s`: %w", home, system.Error(err))
	}
	said := notify == nil
	for wait := system.FirstWait; ; wait = min(2*wait, system.LastWait) {
		path = kind.path(home)
		if f, err = openOrCreate(ctx, kind, path); err != nil {
			return "", nil, err
		}
		locked, err := system.TryExclusive(f)
		if err == nil {
			err = context.Cause(ctx)
		}
		switch {
		case err != nil:
			f.Close()
			return "", nil, fmt.Errorf("failed to lock file: %s: %w", path, system.Error(err))
		case locked && isStill(f, kind, home, path):
			if err := mend(f); err != nil {
				f.Close()
				return "", nil, fmt.Errorf("failed to write to `%s`: %w", path, system.Error(err))
			}
			return path, f, nil
		}
		f.Close()
		if locked {
			// The path leads to another file by now, with another lock.
			continue
		}
		if !said {
			notify(Message{Kind: Status, Verb: "Blocking", Text: "waiting for file lock on " + kind.name + "' config file"})
			said = true
		}
		// If ctx has ended, the next attempt says so.
		_ = system.Pause(ctx, wait)
	}
}

// openOrCreate opens or creates the file at path. As in Cargo it follows a symbolic
// link.
func openOrCreate(ctx context.Context, kind fileKind, path string) (*os.File, error) {
	f, err := system.Open(ctx, path, os.O_RDWR, 0)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		f, err = system.Open(ctx, path, os.O_RDWR|os.O_CREATE, kind.mode)
	}
	// The umask may have taken access from the owner.
	if err == nil && created && kind.mode == ownerOnly {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil && info.Size() == 0 {
			err = narrow(f, info)
		}
		if err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("failed to open: %s: %w", path, system.Error(err))
	}
	return f, nil
}

// isStill reports whether path is still the path of the kind's file and leads to f.
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

// readLocked reads a file in the home. It gives a writer the time to finish, and then
// reads in any case, like Cargo, which reads without a lock. It writes nothing except
// to finish a change that was cut short.
func readLocked(path string) ([]byte, error) {
	content, err := readFileLocked(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read configuration file `%s`: %w", path, system.Error(err))
	}
	return content, nil
}

func readFileLocked(path string) ([]byte, error) {
	var f *os.File
	try, mends, err := system.TryExclusive, hasCopy(path), error(nil)
	if mends {
		f, err = system.Open(context.Background(), path, os.O_RDWR, 0)
	}
	if !mends || err != nil {
		try, mends = system.TryShared, false
		f, err = system.Open(context.Background(), path, os.O_RDONLY, 0)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for wait := system.FirstWait; wait <= lastReadWait; wait *= 2 {
		ok, err := try(f)
		if ok {
			// If Close failed and kept the lock, we would later wait for ourselves.
			defer system.Unlock(f)
			if mends {
				// If it cannot be mended, it is read as it is.
				_ = mend(f)
			}
		}
		if ok || err != nil {
			break
		}
		time.Sleep(wait)
	}
	return system.ReadAll(f, system.MaxSize)
}

// replace changes the content of a file from before to after. The error is
// [errChanged] if the file holds something else. For documents of more than a page see
// recovery.go.
//
// Cargo reads its files without a lock, and the process or the machine may end after
// any step. So after each step the file holds all of the old or all of the new
// document, at most with line ends after it:
//
//   - A lease keeps other programs from opening the file, on systems that have them.
//   - The space for the new document is reserved, so that a full disk shows before
//     the file is touched.
//   - If the new document only adds to the old one, the addition alone is written.
//     The file keeps its old length, and so the old document, until that is done. The
//     space must be reserved, or else the write could stop within a token.
//   - Any other file that must grow gets line ends first, and they are synced.
//     Without them, part of a token could stand between the new content and the new
//     length.
//   - One write replaces everything, padded with line ends to the old length. It is
//     synced before a file that must shrink is cut.
func replace(f *os.File, before, after []byte) error {
	size := max(len(before), len(after))
	end, alone := system.Lease(f)
	defer end()
	recovery := ""
	sure, err := reserve(f, int64(size))
	if err == nil && size > pageSize {
		// What another program has just written may not be on the disk.
		if err = sync(f); err == nil {
			recovery, err = keepCopy(f, before, after)
		}
	}
	unchanged := holds(f, before)
	switch {
	case unchanged != nil:
		err = cmp.Or(err, unchanged)
	case err == nil:
		err = write(f, before, after, alone, sure)
	default:
		// This gives back the space that was reserved.
		f.Truncate(int64(len(before)))
	}
	if recovery != "" && (err == nil || unchanged != nil || holds(f, before) == nil && sync(f) == nil) {
		os.Remove(recovery)
	}
	return err
}

func write(f *os.File, before, after []byte, alone, sure bool) error {
	size := max(len(before), len(after))
	if alone && sure && bytes.HasPrefix(after, before) {
		return lengthen(f, len(before), after[len(before):])
	}
	if size > len(before) {
		if err := lengthen(f, len(before), padded(nil, size-len(before))); err != nil {
			return err
		}
		if !alone {
			time.Sleep(grace)
		}
	}
	err := finish(f, before, after)
	if err != nil && overwrite(f, padded(before, size)) == nil {
		// If the old document could not be written, a cut could damage the new one.
		f.Truncate(int64(len(before)))
		sync(f)
	}
	return err
}

// finish replaces the content of a file.
func finish(f *os.File, before, after []byte) error {
	err := overwrite(f, padded(after, max(len(before), len(after))))
	if err == nil && len(before) > len(after) {
		err = f.Truncate(int64(len(after)))
	}
	return err
}

// holds returns [errChanged] unless a file has the given content. A program that does
// not use the lock may have written it since it was read.
func holds(f *os.File, content []byte) error {
	part := make([]byte, min(len(content)+1, 1<<15))
	defer clear(part)
	for at := int64(0); ; {
		n, err := f.ReadAt(part, at)
		rest, isThere := bytes.CutPrefix(content, part[:n])
		switch {
		case err != nil && err != io.EOF:
			return err
		case !isThere, err == io.EOF && len(rest) > 0:
			return errChanged
		case err == io.EOF:
			return nil
		}
		content = rest
		at += int64(n)
	}
}

// lengthen writes after the end of a file. If that fails, it restores the old length.
func lengthen(f *os.File, end int, tail []byte) error {
	_, err := f.WriteAt(tail, int64(end))
	if err == nil {
		err = sync(f)
	}
	if err != nil {
		f.Truncate(int64(end))
	}
	return err
}

func overwrite(f *os.File, content []byte) error {
	defer clear(content)
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return sync(f)
}

// sync waits until the file's content and length are on the disk, if the file system
// can do that.
func sync(f *os.File) error {
	err := syncData(f)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// padded returns content with line ends added up to the given size.
func padded(content []byte, size int) []byte {
	out := bytes.Repeat([]byte("\n"), size)
	copy(out, content)
	return out
}
