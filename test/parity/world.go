//go:build unix

package parity

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// nobody owns the files of a case that is not run as root, where the test is.
const nobody = 65534

// A world is where one program runs one case: a directory of its own and a
// registry of its own.
type world struct {
	dir      string
	registry *stubregistry.Server
	asked    int  // requests that were noted already
	nobody   bool // the runs that follow drop root
}

// newWorld makes the files of a case and starts its registry.
func newWorld(c *Case) (*world, error) {
	dir, err := os.MkdirTemp("", "parity")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir}
	if err := w.build(c); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) build(c *Case) error {
	var err error
	if w.dir, err = filepath.EvalSymlinks(w.dir); err != nil {
		return err
	}
	if w.registry, err = stubregistry.Start(c.rules); err != nil {
		return err
	}
	if err := os.Chmod(w.dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"work", "user"} {
		if err := os.Mkdir(w.path(d), 0o755); err != nil {
			return err
		}
	}
	for _, f := range c.files {
		if err := w.make(f); err != nil {
			return err
		}
	}
	if err := w.tagCache(); err != nil {
		return err
	}
	if c.has("as") && os.Getuid() == 0 {
		if err := w.giveAway(); err != nil {
			return err
		}
	}
	for _, f := range c.files { // at last, for directories that cannot be written to
		if f.mode != nil {
			if err := os.Chmod(w.path(f.name), *f.mode); err != nil {
				return err
			}
		}
	}
	return nil
}

// tagCache marks the cache in the home as Cargo does since 1.96 whenever it opens
// a registry, so that older ones can be compared too. A case about that removes
// it first.
func (w *world) tagCache() error {
	cache := w.path("home/registry")
	if info, err := os.Lstat(w.path("home")); err == nil && !info.IsDir() {
		return nil
	}
	if info, err := os.Lstat(cache); err == nil && !info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cache, "CACHEDIR.TAG"), []byte(cacheTag), 0o644)
}

func (w *world) close() {
	if w.registry != nil {
		w.registry.Close()
	}
	filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o755)
		}
		return nil
	})
	os.RemoveAll(w.dir)
}

func (w *world) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.dir, name)
}

// expand replaces $TMP and $URL.
func (w *world) expand(text string) string {
	return strings.NewReplacer("$TMP", w.dir, "$URL", w.registry.URL).Replace(text)
}

func (w *world) make(f file) error {
	path := w.path(f.name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch {
	case f.link != "":
		return os.Symlink(w.expand(f.link), path)
	case f.dir:
		return os.MkdirAll(path, 0o755)
	}
	// A program cannot be run while any process has it open for writing, be it
	// one that another case is just starting.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	mode := fs.FileMode(0o644)
	if isCredentials(path) {
		// As Cargo leaves them.
		mode = 0o600
	}
	return os.WriteFile(path, []byte(w.expand(f.text)), mode)
}

// change carries out a step that is about files.
func (w *world) change(words []string) error {
	switch words[0] {
	case "write":
		return os.WriteFile(w.path(words[1]), []byte(words[2]), 0o644)
	case "mkdir":
		return os.Mkdir(w.path(words[1]), 0o755)
	case "commit":
		return commit(w.path(words[1]))
	case "rm":
		return os.RemoveAll(w.path(words[1]))
	case "chmod":
		var mode os.FileMode
		if _, err := fmt.Sscanf(words[1], "%o", &mode); err != nil {
			return err
		}
		return os.Chmod(w.path(words[2]), mode)
	}
	return fmt.Errorf("unknown step %q", words)
}

func (w *world) giveAway() error {
	return filepath.WalkDir(w.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
}

// requests renders what the registry was asked since the last call.
func (w *world) requests() string {
	all := w.registry.Requests()
	log := stubregistry.Format(all[w.asked:], "Accept", "Authorization", "Cargo-Protocol")
	w.asked = len(all)
	if log == "" {
		return ""
	}
	return "requests:\n" + log
}
