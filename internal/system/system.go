// Package system is what the programs and the library use of the operating
// system where package os does not do what Cargo does: errors in Cargo's words,
// variables of a given environment, and files that are opened and locked so that
// Cargo and this project take turns; for the programs also how they protect their
// memory and how they die.
package system

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// Error returns an error of the operating system in the words that Rust programs,
// and so Cargo, use: "No such file or directory (os error 2)". What err says
// else is left out; errors.Is and errors.As find the same in both. Other errors, and
// nil, are returned as they are.
func Error(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return &osError{errno}
}

// osError has no Unwrap: its cause is not a layer of its own.
type osError struct{ errno syscall.Errno }

func (e *osError) Error() string {
	text := []rune(e.errno.Error())
	text[0] = unicode.ToUpper(text[0])
	return string(text) + " (os error " + strconv.Itoa(int(e.errno)) + ")"
}

func (e *osError) Is(target error) bool { return errors.Is(e.errno, target) }

func (e *osError) As(target any) bool { return errors.As(e.errno, target) }

// ErrorLayers returns the texts by which Cargo shows an error: its own, and that of
// each of its causes. The text of an error that wraps another ends with ": " and the
// other's text, which is cut off. A layer that adds nothing is left out.
func ErrorLayers(err error) []string {
	var layers []string
	for err != nil {
		text, cause := err.Error(), errors.Unwrap(err)
		if cause == nil {
			return append(layers, text)
		}
		if text != cause.Error() {
			layers = append(layers, strings.TrimSuffix(text, ": "+cause.Error()))
		}
		err = cause
	}
	return layers
}

// LookupEnv returns the value of a variable in an environment such as that of
// os.Environ. If several have the name the last one counts, as it does for a
// program that is run with them.
func LookupEnv(environ []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(environ) {
		found, value, ok := strings.Cut(entry, "=")
		if ok && (found == name || runtime.GOOS == "windows" && strings.EqualFold(found, name)) {
			return value, true
		}
	}
	return "", false
}

const (
	// MaxSize is that of the largest file that is read.
	MaxSize = 16 << 20
	// patience is more than the 45 seconds after which Linux takes back a lease.
	patience = time.Minute
	// A program that waits for a file asks again after a time between FirstWait and
	// LastWait.
	FirstWait = time.Millisecond
	LastWait  = 16 * time.Millisecond
)

// Refused says why a file is not opened or read.
type Refused string

const (
	NotRegular Refused = "not a regular file"
	TooLarge   Refused = "larger than 16 MiB"
)

func (r Refused) Error() string { return string(r) }

// Open opens a regular file. It does not wait for the other end of a pipe, but it waits
// for a writer that keeps others from opening the file, see [Lease]. With many writers
// that happens often, so it goes on asking for as long as one of them could be stuck.
//
// It refuses pipes and devices, except to read the null device. A directory can be
// opened, and reading it fails.
func Open(ctx context.Context, path string, flag int, mode os.FileMode) (*os.File, error) {
	end := time.Now().Add(patience)
	for wait := FirstWait; ; wait = min(2*wait, LastWait) {
		f, err := os.OpenFile(path, flag|nonblocking, mode)
		if err == nil {
			if err = regular(f, flag); err != nil {
				f.Close()
				return nil, err
			}
		}
		if !errors.Is(err, syscall.EAGAIN) || time.Now().After(end) {
			return f, err
		}
		if err := Pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func regular(f *os.File, flag int) error {
	info, err := f.Stat()
	switch {
	case err != nil, info.Mode().IsRegular(), info.IsDir():
		return err
	}
	null, err := os.Stat(os.DevNull)
	switch {
	case err != nil, !os.SameFile(info, null):
		return NotRegular
	case flag&os.O_RDWR != 0:
		// It would lose what is written to it.
		return syscall.EINVAL
	}
	return nil
}

// ReadFile reads a file that [Open] accepts.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(context.Background(), path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, MaxSize)
}

// ReadGiven reads a file that the user has named. That may be a pipe, for which it
// waits.
func ReadGiven(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, MaxSize)
}

// ReadAll reads a file to its end. A file that is larger than most is refused.
func ReadAll(f *os.File, most int64) ([]byte, error) {
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil {
		content.Grow(int(min(info.Size(), most)) + bytes.MinRead)
	}
	_, err := content.ReadFrom(io.LimitReader(f, most+1))
	if int64(content.Len()) > most {
		return nil, TooLarge
	}
	return content.Bytes(), err
}

// Exclusive takes a lock that excludes all others, and waits for those who have one.
// Before it waits it calls blocked, which may be nil. Like Cargo it does nothing on
// file systems without locks, and on NFS, where asking for a lock may never return.
func Exclusive(ctx context.Context, f *os.File, blocked func()) error {
	for wait := FirstWait; ; wait = min(2*wait, LastWait) {
		locked, err := TryExclusive(f)
		if locked || err != nil {
			return err
		}
		if blocked != nil {
			blocked()
			blocked = nil
		}
		if err := Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// TryExclusive is Exclusive without the wait. It reports whether it has the lock, which
// it always has on a file system without locks.
func TryExclusive(f *os.File) (bool, error) { return tryLock(f, exclusive) }

// TryShared takes a lock that several readers can have, unless a writer has an
// exclusive one. It reports whether it has the lock, as TryExclusive does.
func TryShared(f *os.File) (bool, error) { return tryLock(f, shared) }

// Unlock gives back a lock before the file is closed.
func Unlock(f *os.File) {
	if !neverLock(f) {
		unlock(f)
	}
}

func tryLock(f *os.File, kind lockKind) (bool, error) {
	if neverLock(f) {
		return true, nil
	}
	return lock(f, kind)
}

// Pause waits for some time, or until ctx ends.
func Pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}
