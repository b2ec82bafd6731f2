//go:build unix

package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What others have put in the place of a recovery copy is not followed, not
// waited for and not removed, and keeps no one from a change that needs no copy.
func TestAPlantedRecoveryCopyDoesNoHarm(t *testing.T) {
	for about, plant := range map[string]func(recovery string) error{
		"a pipe":          func(recovery string) error { return errors.Join(os.Remove(recovery), syscall.Mkfifo(recovery, 0o600)) },
		"a directory":     func(recovery string) error { return errors.Join(os.Remove(recovery), os.Mkdir(recovery, 0o700)) },
		"a dangling link": func(recovery string) error { return errors.Join(os.Remove(recovery), os.Symlink("missing", recovery)) },
		"a link": func(recovery string) error {
			return errors.Join(os.Rename(recovery, recovery+"2"), os.Symlink(recovery+"2", recovery))
		},
		"a link to a pipe": func(recovery string) error {
			return errors.Join(os.Remove(recovery), syscall.Mkfifo(recovery+"2", 0o600), os.Symlink(recovery+"2", recovery))
		},
		"one that others can write to": func(recovery string) error { return os.Chmod(recovery, 0o620) },
		"another user's":               func(recovery string) error { return os.Chown(recovery, 1, -1) },
	} {
		home, path, after := tornHomeFile(t)
		recovery := copyPaths(path)[0]
		if err := plant(recovery); errors.Is(err, os.ErrPermission) {
			t.Logf("%s: not tried: %v", about, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		planted, err := os.Lstat(recovery)
		if err != nil {
			t.Fatal(err)
		}
		torn := readString(t, path)
		readConfig(home)
		if readString(t, path) != torn {
			t.Errorf("%s: the file has been changed", about)
		}
		change := func(now string) error {
			t.Helper()
			if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := readConfig(home)
			if err != nil {
				t.Fatal(err)
			}
			return errors.Join(f.Set(Key{"registries", "b", "credential-provider"}, "p"), f.document.save(t.Context(), home))
		}
		if err := change("x = 1\n"); err != nil {
			t.Errorf("%s: a small file: %v", about, err)
		}
		if err := change(string(after)); err == nil || !strings.Contains(err.Error(), "no recovery copy of it can be written to `"+recovery+"`: File exists") {
			t.Errorf("%s: a large file: %v", about, err)
		}
		if readString(t, path) != string(after) {
			t.Errorf("%s: the large file has been changed", about)
		}
		if now, err := os.Lstat(recovery); err != nil || !os.SameFile(now, planted) {
			t.Errorf("%s: it is gone: %v", about, err)
		}
	}
}

// A copy that others could read at most is as good as any.
func TestARecoveryCopyWithAnotherModeIsUsed(t *testing.T) {
	for about, change := range map[string]func(recovery string) error{
		"others can read it":   func(recovery string) error { return os.Chmod(recovery, 0o644) },
		"it cannot be changed": func(recovery string) error { return os.Chmod(recovery, 0o400) },
		"it has another name":  func(recovery string) error { return os.Link(recovery, recovery+"2") },
	} {
		home, path, after := tornHomeFile(t)
		if err := change(copyPaths(path)[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(home); err != nil {
			t.Errorf("%s: %v", about, err)
		}
		if readString(t, path) != string(after) || hasCopy(path) {
			t.Errorf("%s: the file is not mended, or the copy stays", about)
		}
	}
}

// Who may only read a file reads it, whether it has a recovery copy or not.
func TestAReaderWhoMayNotWriteReads(t *testing.T) {
	home, path, after := tornHomeFile(t)
	if err := errors.Join(os.WriteFile(path, after, 0o600), os.Chmod(path, 0o444), os.Chmod(filepath.Dir(home), 0o755)); err != nil {
		t.Fatal(err)
	}
	if cmd := child(t, "read", home); cmd.Run() != nil {
		t.Error(cmd.Stderr)
	}
	if !hasCopy(path) {
		t.Error("the copy is gone")
	}
	// Its owner may mend it, and removes the copy.
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, f, err := openLocked(context.Background(), configKind, home, nil); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	if hasCopy(path) {
		t.Error("the copy is still there")
	}
}
