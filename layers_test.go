//go:build unix

package cargoauth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/cargo-auth/cargo-auth/"

// mayImport says what of this project a directory's packages may import. The
// longest entry that fits counts.
var mayImport = map[string][]string{
	"pkg/internal":          {"pkg/internal"},
	"pkg/terminal":          {},
	"pkg/config":            {"pkg/internal"},
	"pkg/registry":          {"pkg/internal", "pkg/config"},
	"pkg/registry/index":    {"pkg/internal", "pkg/config", "pkg/registry"},
	"pkg/credential":        {"pkg/internal", "pkg/config", "pkg/registry", "pkg/terminal"},
	"pkg/credential/paseto": {"pkg/config", "pkg/credential"},
	"pkg/keyring":           {"pkg/config", "pkg/credential", "pkg/terminal"},
	"cmd/internal/cli":      {"pkg/config", "pkg/credential", "pkg/keyring", "pkg/registry", "pkg/terminal"},
	"cmd": {
		"cmd/internal/cli", "cmd/internal/login", "pkg/config", "pkg/credential", "pkg/credential/paseto", "pkg/keyring", "pkg/registry",
		"pkg/registry/index", "pkg/terminal",
	},
}

// onlyIn says which files of the library may use what belongs to the process
// or to the network; the others are handed what they need. A path ends with a
// slash if it stands for a directory.
var onlyIn = map[string][]string{
	"net/http":       {"pkg/registry/index/"},
	"log":            {},
	"os.Args":        {"pkg/credential/main.go"},
	"os.Exit":        {"pkg/credential/main.go", "pkg/terminal/hide_unix.go"},
	"os.Stdin":       {"pkg/credential/main.go"},
	"os.Stdout":      {"pkg/credential/main.go"},
	"os.Stderr":      {"pkg/credential/main.go"},
	"os.Environ":     {},
	"os.Getenv":      {},
	"os.LookupEnv":   {},
	"os.ExpandEnv":   {},
	"os.Getwd":       {},
	"os.Chdir":       {},
	"os.UserHomeDir": {},
	"user.Current":   {"pkg/config/environ.go"},
	"filepath.Abs":   {},
	// There it is how long something takes.
	"time.Now": {"pkg/internal/filelock/filelock.go"},
}

// Packages import downwards only, and the library takes nothing from the process
// behind its caller's back. All files count, for whatever system they are.
func TestPackagesKeepTheirPlace(t *testing.T) {
	seen := map[string]bool{}
	for _, module := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(module, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			allowed, ok := rulesFor(filepath.Dir(name))
			if !ok {
				t.Errorf("%s: which packages may it import?", name)
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				if own, ok := strings.CutPrefix(imported, modulePath); ok && !fits(own, allowed) {
					t.Errorf("%s must not import %s", name, own)
				}
				checkUse(t, name, imported, seen)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok {
					if of, ok := selector.X.(*ast.Ident); ok {
						checkUse(t, name, of.Name+"."+selector.Sel.Name, seen)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for used, files := range onlyIn {
		for _, file := range files {
			if !seen[used+" "+file] {
				t.Errorf("%s may use %s, and does not", file, used)
			}
		}
	}
}

// rulesFor returns what a directory may import.
func rulesFor(dir string) (allowed []string, ok bool) {
	for ; dir != "."; dir = path.Dir(dir) {
		if allowed, ok = mayImport[dir]; ok {
			return allowed, true
		}
	}
	return nil, false
}

// fits reports whether a package is one of those allowed. Of internal ones each
// is.
func fits(imported string, allowed []string) bool {
	return slices.Contains(allowed, imported) ||
		slices.Contains(allowed, "pkg/internal") && strings.HasPrefix(imported, "pkg/internal/")
}

// checkUse looks whether a file of the library may use something, and notes in
// seen that it does.
func checkUse(t *testing.T, name, used string, seen map[string]bool) {
	files, restricted := onlyIn[used]
	if !restricted || !strings.HasPrefix(name, "pkg/") {
		return
	}
	for _, file := range files {
		if name == file || strings.HasSuffix(file, "/") && strings.HasPrefix(name, file) {
			seen[used+" "+file] = true
			return
		}
	}
	t.Errorf("%s must not use %s", name, used)
}
