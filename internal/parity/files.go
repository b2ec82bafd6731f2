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

// snapshot reads the whole tree. Of a credentials file it takes the meaning.
func (w *world) snapshot() (map[string]entry, error) {
	tree := map[string]entry{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == w.dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode()}
		switch {
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
		return err
	})
	return tree, err
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
