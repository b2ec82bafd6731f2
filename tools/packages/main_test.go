package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseVersion(t *testing.T) {
	at := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct{ described, plain, apk string }{
		{"v1.2.3", "1.2.3", "1.2.3"},
		{"1.2.3", "1.2.3", "1.2.3"},
		{"v1.2.3-rc.1", "1.2.3~rc1", "1.2.3_rc1"},
		{"v1.2.3-beta", "1.2.3~beta", "1.2.3_beta"},
		{"v1.2.3-14-gfae8ce8", "1.2.3+14.gfae8ce8", "1.2.3_git14"},
		{"v1.2.3-rc.1-14-gfae8ce8-dirty", "1.2.3~rc1+14.gfae8ce8+dirty", "1.2.3_rc1_git14"},
		{"fae8ce8", "0.0.0+git20261124.fae8ce8", "0.0.0_git20261124"},
		{"fae8ce8f0a1b-dirty", "0.0.0+git20261124.fae8ce8f0a1b+dirty", "0.0.0_git20261124"},
		{"devel", "0.0.0+git20261124.devel", "0.0.0_git20261124"},
	} {
		v, err := parseVersion(test.described, at)
		if err != nil {
			t.Error(err)
		} else if v.plain != test.plain || v.apk != test.apk {
			t.Errorf("%s: got %s and %s, want %s and %s", test.described, v.plain, v.apk, test.plain, test.apk)
		}
	}
	for _, described := range []string{"", "release", "v1.2", "v1.2.3-next"} {
		if v, err := parseVersion(described, at); err == nil {
			t.Errorf("%q became version %s, want an error", described, v.plain)
		}
	}
}

// Files go where each system expects them, even if make install puts them
// elsewhere.
func TestContents(t *testing.T) {
	tree := t.TempDir()
	for _, name := range []string{
		"bin/cargo-login", "share/man/man1/cargo-login.1", "share/zsh/site-functions/_cargo-login",
		"share/cargo-auth/completions/cargo-login.ps1", "share/doc/cargo-auth/LICENSE-MIT",
	} {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := readTree(tree)
	if err != nil {
		t.Fatal(err)
	}
	everywhere := []string{
		"/usr/bin/cargo-login", "/usr/share/cargo-auth", "/usr/share/cargo-auth/completions",
		"/usr/share/cargo-auth/completions/cargo-login.ps1", "/usr/share/doc/cargo-auth",
		"/usr/share/doc/cargo-auth/LICENSE-MIT", "/usr/share/man/man1/cargo-login.1cargo-auth.gz",
	}
	for format, more := range map[string][]string{
		"apk": {"/usr/share/zsh/site-functions/_cargo-login"},
		"rpm": {"/usr/share/zsh/site-functions/_cargo-login"},
		"deb": {
			"/usr/share/zsh/vendor-completions/_cargo-login", "/usr/share/doc/cargo-auth/copyright",
			"/usr/share/doc/cargo-auth/changelog.gz", "/usr/share/lintian/overrides/cargo-auth",
		},
	} {
		contents, err := platform{tree: files, time: time.Unix(0, 0)}.contents(format, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range contents {
			got = append(got, c.Destination)
			if strings.HasPrefix(c.Destination, "/usr/share/man/") {
				checkGzip(t, c.Source, "share/man/man1/cargo-login.1")
			}
		}
		want := append(slices.Clone(everywhere), more...)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("a %s contains %q, want %q", format, got, want)
		}
	}
}

func checkGzip(t *testing.T, name, want string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
	}
}
