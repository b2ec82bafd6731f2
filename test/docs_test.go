//go:build unix

package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	linked      = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	// pathInRepository begins with a directory of this tree, or is a test file in
	// its root.
	pathInRepository = regexp.MustCompile(`^(?:(?:cmd|docs|internal|pkg|testdata|\.ci|\.github)(?:/[\w.*-]+)*/?|[\w-]+_test\.go)$`)
	nameInCode       = regexp.MustCompile(`^((?:Test|Fuzz)[A-Z]\w*|(?:cli|config|credential|index|keyring|registry|terminal)\.[A-Z][\w.]*)$`)
	declaration      = regexp.MustCompile(`(?m)^(?:func|type|var|const|\t)(?: ?\(\w+ \*?(\w+)(?:\[\w+\])?\))? ?([A-Z]\w*)`)
)

// A document that names a file of this tree, links to one, or names a test or
// something of the library, names one that is there.
func TestFilesThatDocumentsNameExist(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	if err != nil || len(documents) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	roots, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := declaredNames(t)
	named := 0
	for _, document := range append(documents, roots...) {
		text := read(t, document)
		for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
			if !pathInRepository.MatchString(match[1]) {
				continue
			}
			named++
			if found, err := filepath.Glob(match[1]); err != nil || len(found) == 0 {
				t.Errorf("%s names `%s`, which is not there", document, match[1])
			}
		}
		for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
			name := nameInCode.FindStringSubmatch(match[1])
			if name != nil && !declared[name[1]] {
				t.Errorf("%s names `%s`, which no Go file declares", document, match[1])
			}
		}
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, match[1], err)
			}
		}
	}
	if named == 0 {
		t.Error("no document names a file")
	}
}

// declaredNames returns the tests and fuzz targets that there are, and what
// packages declare: "package.Name", and "package.Type.Method" for a method.
func declaredNames(t *testing.T) map[string]bool {
	declared := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text, name := read(t, path), filepath.Base(filepath.Dir(path))
		for _, match := range declaration.FindAllStringSubmatch(text, -1) {
			switch {
			case match[1] != "":
				declared[name+"."+match[1]+"."+match[2]] = true
			case strings.HasSuffix(path, "_test.go"):
				declared[match[2]] = true
			default:
				declared[name+"."+match[2]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return declared
}
