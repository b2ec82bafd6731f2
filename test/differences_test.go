//go:build unix

package test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A case, a script or a test says which difference it shows in a line of its
// own, or behind a line of code.
var (
	differsLine = regexp.MustCompile(`(?m)(?:^# *|// )(?:differs: *(\S+)|(words): ours)$`)
	differsHead = regexp.MustCompile(`(?m)^##+ +([a-z0-9-]+)$`)
)

// Every difference from Cargo is listed, and what is listed is shown by a case,
// a script or a test.
func TestEveryDifferenceIsListedAndShown(t *testing.T) {
	listed := map[string]bool{}
	for _, match := range differsHead.FindAllStringSubmatch(read(t, differences), -1) {
		if listed[match[1]] {
			t.Errorf("%s lists %s twice", differences, match[1])
		}
		listed[match[1]] = true
	}
	shown := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git" && d.IsDir():
			return fs.SkipDir
		case filepath.Ext(path) != ".txtar" && !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		for _, match := range differsLine.FindAllStringSubmatch(string(content), -1) {
			name := match[1] + match[2]
			shown[name] = append(shown[name], path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if !listed[name] {
			t.Errorf("%s does not list %s, which %s shows", differences, name, strings.Join(shown[name], ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if shown[name] == nil {
			t.Errorf("%s lists %s, and nothing shows it", differences, name)
		}
	}
}
