//go:build unix

package parity

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// nobody owns the files of a case that does not run as root when the test does.
const nobody = 65534

// A world is where one program runs one case. It has its own directory and its
// own registry.
type world struct {
	dir      string
	registry *stubregistry.Server
	asked    int  // how many requests are in the answer already
	nobody   bool // following runs do not run as root
}

// newWorld creates the files of a case and starts its registry.
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
	for _, f := range c.files { // last, since some directories become read-only
		if f.mode != nil {
			if err := os.Chmod(w.path(f.name), *f.mode); err != nil {
				return err
			}
		}
	}
	return nil
}

// tagCache marks the cache in the home. Since 1.96 Cargo does this whenever it
// opens a registry; with the mark, older versions can be compared too. A case
// about the mark removes it first.
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
	// A program cannot run while any process has it open for writing. That may be
	// a process that another case is just starting.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	mode := fs.FileMode(0o644)
	if isCredentials(path) {
		// Cargo creates them like this.
		mode = 0o600
	}
	return os.WriteFile(path, []byte(w.expand(f.text)), mode)
}

// change carries out a step that changes files.
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

// requests renders the requests to the registry since the last call.
func (w *world) requests() string {
	all := w.registry.Requests()
	log := stubregistry.Format(all[w.asked:], "Accept", "Authorization", "Cargo-Protocol")
	w.asked = len(all)
	if log == "" {
		return ""
	}
	return "requests:\n" + log
}

// An entry is what is at a path.
type entry struct {
	mode    fs.FileMode
	content string // of a file, or the target of a link
}

// snapshot reads the whole tree. For a credentials file it takes the meaning, and
// for a git repository in Cargo's cache the commit that was fetched. Where a case
// removed read permission, snapshot grants it for a moment.
func (w *world) snapshot() (map[string]entry, error) {
	tree := map[string]entry{}
	var opened []func()
	defer func() {
		for _, closeAgain := range slices.Backward(opened) {
			closeAgain()
		}
	}()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == w.dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode()}
		if need := readable(e.mode); e.mode&need != need {
			if err := os.Chmod(path, e.mode|need); err != nil {
				return err
			}
			opened = append(opened, func() { os.Chmod(path, e.mode) })
		}
		switch {
		case isGitCache(path):
			e.content = fetched(path)
		case e.mode.IsRegular():
			var content []byte
			content, err = os.ReadFile(path)
			e.content = string(content)
			if isCredentials(path) {
				e.content = meaning(e.content)
			}
		case e.mode&fs.ModeSymlink != 0:
			e.content, err = os.Readlink(path)
		}
		tree[strings.TrimPrefix(path, w.dir+"/")] = e
		if err == nil && isGitCache(path) && e.mode.IsDir() {
			return fs.SkipDir
		}
		return err
	})
	return tree, err
}

// readable returns the permissions that the owner needs to read it.
func readable(mode fs.FileMode) fs.FileMode {
	switch {
	case mode.IsDir():
		return 0o500
	case mode.IsRegular():
		return 0o400
	}
	return 0
}

// isGitCache reports whether name is a repository in which Cargo caches an index.
func isGitCache(name string) bool {
	return path.Base(name) == ".git" && path.Base(path.Dir(path.Dir(name))) == "index"
}

// fetched returns the commit of the index that the repository has. How git
// stores it does not matter.
func fetched(repository string) string {
	commit, err := os.ReadFile(filepath.Join(repository, "refs", "remotes", "origin", "HEAD"))
	if err != nil {
		return "nothing\n"
	}
	return string(commit)
}

// isCredentials looks at the name only, so that a link's target counts too.
func isCredentials(name string) bool {
	return strings.HasPrefix(path.Base(name), "credentials")
}

// meaning returns a TOML document's values as JSON, or the text if it is not TOML.
func meaning(text string) string {
	var values map[string]any
	if toml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &values) != nil {
		return text
	}
	if len(values) == 0 {
		return "{}\n"
	}
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if out.Encode(values) != nil {
		return text
	}
	return b.String()
}

// changes renders what is new, gone or different.
func changes(before, after map[string]entry) string {
	var b strings.Builder
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, was := before[name]
		now, is := after[name]
		switch {
		case !is:
			fmt.Fprintf(&b, "%s is gone\n", name)
		case !was || old != now:
			b.WriteString(now.render(name))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "files:\n" + b.String()
}

// cacheTag is how the tag of a cache directory begins. Any comment may follow.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n"

func (e entry) render(name string) string {
	switch {
	case e.mode&fs.ModeSymlink != 0:
		return fmt.Sprintf("%s -> %s\n", name, e.content)
	case isGitCache(name):
		return block(fmt.Sprintf("%s %04o has fetched", name, e.mode.Perm()), e.content)
	case e.mode.IsDir():
		return fmt.Sprintf("%s/ %04o\n", name, e.mode.Perm())
	}
	head := fmt.Sprintf("%s %04o", name, e.mode.Perm())
	switch {
	case e.content == "":
		return head + " empty\n"
	case strings.HasPrefix(e.content, cacheTag):
		return head + " a cache directory's tag\n"
	case isCredentials(name):
		return head + ":\n| " + strings.ReplaceAll(strings.TrimSuffix(e.content, "\n"), "\n", "\n| ") + "\n"
	}
	return block(head, e.content)
}

// commit commits all files of a directory. The commit must be the same on every
// machine, because answers show it.
func commit(dir string) error {
	commands := [][]string{
		{"add", "--all"},
		{"commit", "--quiet", "--allow-empty", "--message=index"},
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		commands = append([][]string{{"init", "--quiet"}}, commands...)
	}
	for _, args := range commands {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_AUTHOR_DATE=2000-01-01T00:00:00Z",
			"GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z",
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
