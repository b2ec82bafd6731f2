package config

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestALockCountsForTheFileThatIsThere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not replace an open file")
	}
	for _, test := range []struct {
		name   string
		happen func(home, path string) error
		want   bool
	}{
		{"nothing happens", func(home, path string) error { return nil }, true},
		{"another file is put in its place", func(home, path string) error {
			other := filepath.Join(home, "other")
			if err := os.WriteFile(other, nil, 0o600); err != nil {
				return err
			}
			return os.Rename(other, path)
		}, false},
		{"it is removed", func(home, path string) error { return os.Remove(path) }, false},
		{"it moves behind a link", func(home, path string) error {
			there := filepath.Join(home, "there")
			if err := os.Rename(path, there); err != nil {
				return err
			}
			return os.Symlink(there, path)
		}, true},
		{"one with the old name appears", func(home, path string) error {
			return os.WriteFile(filepath.Join(home, "credentials"), nil, 0o600)
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := t.TempDir()
			path := filepath.Join(home, "credentials.toml")
			f, err := openOrCreate(t.Context(), credentialsKind, path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := test.happen(home, path); err != nil {
				t.Skip(err)
			}
			if got := isStill(f, credentialsKind, home, path); got != test.want {
				t.Errorf("it is still the credentials file: %v, want %v", got, test.want)
			}
		})
	}
}
