package oserror

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"
)

func TestNewGivesCargosWords(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	_, missing := os.Open(t.TempDir() + "/missing")
	for _, test := range []struct {
		err  error
		want string
	}{
		{missing, "No such file or directory (os error 2)"},
		{fmt.Errorf("while reading: %w", missing), "No such file or directory (os error 2)"},
		{syscall.EISDIR, "Is a directory (os error 21)"},
		{os.NewSyscallError("fallocate", syscall.ENOSPC), "No space left on device (os error 28)"},
		{errors.New("something else"), "something else"},
	} {
		if got := New(test.err).Error(); got != test.want {
			t.Errorf("New(%v) = %q, want %q", test.err, got, test.want)
		}
	}
	if New(nil) != nil {
		t.Error("New(nil) is not nil")
	}
}

func TestNewAnswersIsAndAs(t *testing.T) {
	err := fmt.Errorf("failed to read: %w", New(&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("errors.Is(err, fs.ErrNotExist) is false")
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno != syscall.ENOENT {
		t.Errorf("errors.As found %v, want ENOENT", errno)
	}
}
