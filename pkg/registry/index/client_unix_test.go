//go:build unix

package index

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A user who puts a pipe in place of a file must not keep a login from ending.
func TestFetchDoesNotWaitForAPipe(t *testing.T) {
	server := newTLSServer(t, nil)
	overTLS := "sparse+" + server.URL + "/"
	cache := func(w *world) string { return filepath.Join(w.cacheDir(), configName) }
	for _, test := range []struct {
		about string
		file  func(w *world) string
		want  string
	}{
		{"the cache", cache, "http://h/api"},
		{"git's settings", func(w *world) string { return filepath.Join(w.home, ".gitconfig") }, "http://h/api"},
		{"a certificate", func(w *world) string { return filepath.Join(w.home, "certificates", "a.pem") }, "cannot be used: not a regular file"},
	} {
		make := map[string]func(path string) error{
			"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"endless": func(path string) error { return os.Symlink("/dev/zero", path) },
		}
		for what, make := range make {
			t.Run(test.about+" as "+what, func(t *testing.T) {
				w := newWorld(t, "net.retry=0\n", answer(200, okConfig))
				t.Setenv("SSL_CERT_DIR", filepath.Join(w.home, "certificates")) // Go's library reads it, too
				w.configure(t, "net.retry=0\n", "HOME="+w.home, "SSL_CERT_DIR="+filepath.Join(w.home, "certificates"))
				file := test.file(w)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := make(file); err != nil {
					t.Fatal(err)
				}
				target := "sparse+" + w.server.URL + "/i/"
				if strings.Contains(test.want, "cannot") {
					target = overTLS
				}
				if got := w.fetchFrom(t, target); !strings.HasSuffix(got, test.want) {
					t.Errorf("got %s, want %s", got, test.want)
				}
			})
		}
	}
}
