//go:build unix

package system

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ReadFile reads or refuses whatever it meets, and never waits.
func TestReadFileEndsWhateverItMeets(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	size := func(name string, size int64) error {
		return errors.Join(os.WriteFile(path(name), nil, 0o600), os.Truncate(path(name), size))
	}
	if err := errors.Join(
		syscall.Mkfifo(path("pipe"), 0o600), os.Symlink("/dev/zero", path("zero")), os.Symlink(os.DevNull, path("null")),
		os.WriteFile(path("file"), []byte("content"), 0o600), size("largest", MaxSize), size("larger", MaxSize+1), size("huge", 1<<40),
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"file": nil, "null": nil, "largest": nil,
		"pipe": NotRegular, "zero": NotRegular, "larger": TooLarge, "huge": TooLarge,
		".": syscall.EISDIR, "missing": syscall.ENOENT,
	} {
		if content, err := ReadFile(path(name)); !errors.Is(err, want) || name == "null" && len(content) > 0 {
			t.Errorf("%s: %d bytes, %v, want %v", name, len(content), err, want)
		}
	}
	if _, err := Open(context.Background(), path("null"), os.O_RDWR, 0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("to be written the null device gets the error %v", err)
	}
}

// ReadGiven waits for a pipe, and limits its size too.
func TestReadGivenTakesAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		size int
		want error
	}{{100000, nil}, {MaxSize + 1, TooLarge}} {
		go os.WriteFile(path, []byte(strings.Repeat("x", test.size)), 0)
		content, err := ReadGiven(path)
		if !errors.Is(err, test.want) || err == nil && len(content) != test.size {
			t.Errorf("of %d bytes %d are read, %v, want %v", test.size, len(content), err, test.want)
		}
	}
	if _, err := ReadGiven("/dev/zero"); !errors.Is(err, TooLarge) {
		t.Errorf("/dev/zero gets the error %v", err)
	}
}
