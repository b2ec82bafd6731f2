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

const (
	// While it waits, a program asks again after a time between these two.
	firstWait = time.Millisecond
	lastWait  = 16 * time.Millisecond
	// A writer has the lock for some milliseconds. Who has it longer is not
	// writing, and a reader that waited for it would wait in silence.
	lastReadWait = 256 * time.Millisecond
	// grace is how long a reader without a lock has to notice the end of the file
	// after it has read the rest.
	grace = 10 * time.Millisecond
)

// ownerOnly is the mode of the credentials file.
const ownerOnly = 0o600

// fileKind is a file in the home that is opened to be changed.
type fileKind struct {
	// name is the file's without its extension.
	name string
	// mode is that of a new file; narrow says that no one else shall have access,
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
// readers off it, see [system.Lease].
func openLocked(ctx context.Context, kind fileKind, home string, notify func(Message)) (path string, f *os.File, err error) {
	if err := createHome(home); err != nil {
		return "", nil, err
	}
	said := notify == nil
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
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
			// Another file has been put there, which has a lock of its own.
			continue
		}
		if !said {
			notify(Message{Kind: Status, Verb: "Blocking", Text: "waiting for file lock on " + kind.name + "' config file"})
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
	return fmt.Errorf("failed to create directory `%s`: %w", home, system.Error(err))
}

// openOrCreate opens or creates the file at path; through a symbolic link the
// file it names, as Cargo does.
func openOrCreate(ctx context.Context, kind fileKind, path string) (*os.File, error) {
	f, err := system.Open(ctx, path, os.O_RDWR, 0)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		f, err = system.Open(ctx, path, os.O_RDWR|os.O_CREATE, kind.mode)
	}
	// The umask may have taken more than it should.
	if err == nil && kind.narrow && created {
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

// readLocked reads a file in the home while no one writes to it. Like Cargo,
// which takes no lock to read, it reads in any case, but first gives a writer
// the time to finish. It creates nothing, and writes nothing but the rest of a
// change that was cut short.
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
	for wait := firstWait; wait <= lastReadWait; wait *= 2 {
		ok, err := try(f)
		if ok {
			// Not left to Close: should that fail, we would wait for ourselves.
			defer system.Unlock(f)
			if mends {
				// A file that cannot be mended is read as it is.
				_ = mend(f)
			}
		}
		if ok || err != nil {
			// Without the lock it is read as Cargo reads it.
			break
		}
		time.Sleep(wait)
	}
	return system.ReadAll(f, system.MaxSize)
}

// replace makes a file that holds before hold after; it is [errChanged] if it
// holds something else. For documents of more than a page see recovery.go.
//
// Cargo reads its files without a lock, and any of these steps may be the last
// of a process or of the machine. So after each the file holds all of the old or
// all of the new document, at most with line ends after it:
//
//   - Where the system can do that, no one else has the file open from here on.
//   - The space for the new document is reserved, so that a full disk shows
//     before anything is touched.
//   - What is only added at the end is all that is written: until the new length
//     is known, the old document is there. Unless its space is sure, such a write
//     could be cut short and leave half a token.
//   - Any other file that must grow does so with line ends, and they reach the
//     disk. Else there would be half a token between the new content and the new
//     length.
//   - One write replaces everything, with line ends up to the old length, and
//     reaches the disk before a file that must shrink is cut.
func replace(f *os.File, before, after []byte) error {
	size := max(len(before), len(after))
	end, alone := system.Lease(f)
	defer end()
	recovery := ""
	sure, err := reserve(f, int64(size))
	if err == nil && size > pageSize {
		// What another program has written last may not be on the disk yet.
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
		// What lies beyond the file's end is given back.
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
		// Where that failed too, a cut could cut what is new.
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

// holds is [errChanged] unless a file holds what it is thought to. A program that
// knows nothing of locks may have written it since it was read.
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

// lengthen writes something after the end of a file; if that fails, the file is as
// it was.
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

// sync waits until the file's content and length are on the disk, on file
// systems where that can be asked for.
func sync(f *os.File) error {
	err := syncData(f)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// padded returns content with line ends up to the given size.
func padded(content []byte, size int) []byte {
	out := bytes.Repeat([]byte("\n"), size)
	copy(out, content)
	return out
}
