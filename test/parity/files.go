//go:build unix

package parity

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// An entry is what stands at a path.
type entry struct {
	mode    fs.FileMode
	content string // of a file, or where a link points
}

// snapshot reads the whole tree. Of a credentials file it takes the meaning, of
// a git repository in Cargo's cache what has been fetched. What a case has closed
// to everybody is opened for as long as that takes.
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

// readable is what the owner must be allowed to read a file or a directory.
func readable(mode fs.FileMode) fs.FileMode {
	switch {
	case mode.IsDir():
		return 0o500
	case mode.IsRegular():
		return 0o400
	}
	return 0
}

// isGitCache tells the repository in which Cargo caches an index.
func isGitCache(name string) bool {
	return path.Base(name) == ".git" && path.Base(path.Dir(path.Dir(name))) == "index"
}

// fetched is the commit of the index that the repository has. How git stores it
// is git's affair.
func fetched(repository string) string {
	commit, err := os.ReadFile(filepath.Join(repository, "refs", "remotes", "origin", "HEAD"))
	if err != nil {
		return "nothing\n"
	}
	return string(commit)
}

// isCredentials goes by the name, so that a link's target counts too.
func isCredentials(name string) bool {
	return strings.HasPrefix(path.Base(name), "credentials")
}

// meaning is a TOML document's values as JSON, or the text itself if it is none.
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

// cacheTag is what tells a cache directory's tag; the comments behind it are
// free.
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
