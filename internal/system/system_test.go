package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

func TestErrorsHaveCargosWords(t *testing.T) {
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
		if got := Error(test.err).Error(); got != test.want {
			t.Errorf("Error(%v) = %q, want %q", test.err, got, test.want)
		}
	}
	if Error(nil) != nil {
		t.Error("Error(nil) is not nil")
	}
}

func TestErrorsAnswerIsAndAs(t *testing.T) {
	err := fmt.Errorf("failed to read: %w", Error(&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("errors.Is(err, fs.ErrNotExist) is false")
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno != syscall.ENOENT {
		t.Errorf("errors.As found %v, want ENOENT", errno)
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestLocksExcludeEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	a, b, c := open(t, path), open(t, path), open(t, path)
	try := func(what string, try func(*os.File) (bool, error), f *os.File, want bool) {
		t.Helper()
		if got, err := try(f); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	try("a shared lock", TryShared, a, true)
	try("a second shared lock", TryShared, b, true)
	try("an exclusive lock next to shared ones", TryExclusive, c, false)
	a.Close()
	Unlock(b)
	try("an exclusive lock", TryExclusive, c, true)
	d := open(t, path)
	try("a shared lock next to an exclusive one", TryShared, d, false)
	try("a second exclusive lock", TryExclusive, d, false)
}

func TestAWaitEndsWithTheLockOrTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	holder, waiter, impatient := open(t, path), open(t, path), open(t, path)
	if err := Exclusive(t.Context(), holder, func() { t.Error("it waits for a free lock") }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := Exclusive(ctx, impatient, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
	impatient.Close()
	blocked := false
	err := Exclusive(t.Context(), waiter, func() {
		blocked = true
		holder.Close()
	})
	if err != nil || !blocked {
		t.Errorf("blocked is %v, the error is %v", blocked, err)
	}
}

func TestErrorLayersHaveTheirOwnTexts(t *testing.T) {
	cause := errors.New("cause: with a colon")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{fmt.Errorf("outermost: %w", fmt.Errorf("middle: %w", cause)), []string{"outermost", "middle", "cause: with a colon"}},
		{fmt.Errorf("outermost: %w", fmt.Errorf("%w", cause)), []string{"outermost", "cause: with a colon"}},
		{fmt.Errorf("it says %w, and no more", cause), []string{"it says cause: with a colon, and no more", "cause: with a colon"}},
	} {
		if got := ErrorLayers(c.err); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
