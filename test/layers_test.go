//go:build unix

package test

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

// module is the path of the module that ships.
const module = "github.com/cargo-auth/cargo-auth"

// mayImport says what of this project a directory's packages may import. The
// longest entry that fits counts.
var mayImport = map[string][]string{
	"internal/jsonobject": {},
	"internal/subprocess": {"internal/system"},
	"internal/system":     {},
	"internal/terminal":   {},
	"internal/tomledit":   {},
	"internal/weburl":     {},
	"pkg/config":          {"internal/system", "internal/tomledit"},
	"pkg/registry":        {"internal/weburl", "pkg/config"},
	"pkg/registry/index": {
		"internal/jsonobject", "internal/subprocess", "internal/system", "internal/weburl",
		"pkg/config", "pkg/registry",
	},
	"pkg/credential": {
		"internal/jsonobject", "internal/subprocess", "internal/system", "internal/terminal", "pkg/config", "pkg/registry",
	},
	"pkg/credential/paseto": {"pkg/config", "pkg/credential"},
	"pkg/keyring":           {"internal/system", "internal/terminal", "pkg/config", "pkg/credential"},
	"internal/cli":          {"internal/system", "internal/terminal", "pkg/config", "pkg/credential", "pkg/keyring", "pkg/registry"},
	"internal/login": {
		"internal/cli", "internal/terminal", "pkg/config", "pkg/credential", "pkg/credential/paseto", "pkg/registry",
		"pkg/registry/index",
	},
	"cmd": {"internal/cli", "internal/login", "internal/system", "internal/tomledit", "pkg/config", "pkg/credential", "pkg/keyring", "pkg/registry"},
}

// onlyIn says which files of the library may use what belongs to the process
// or to the network; the others are handed what they need. A path ends with a
// slash if it stands for a directory.
var onlyIn = map[string][]string{
	"net/http":       {"pkg/registry/index/"},
	"log":            {},
	"os.Args":        {"pkg/credential/main.go"},
	"os.Exit":        {"pkg/credential/main.go", "internal/terminal/hide_unix.go"},
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
	"user.Current":   {"pkg/config/config.go"},
	"filepath.Abs":   {},
	// There it is how long something takes.
	"time.Now": {"internal/system/file.go"},
}

// Packages import downwards only, and the library takes nothing from the process
// behind its caller's back. All files count, for whatever system they are.
func TestPackagesKeepTheirPlace(t *testing.T) {
	seen := map[string]bool{}
	for _, module := range []string{"cmd", "internal", "pkg"} {
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
				if own, ok := strings.CutPrefix(imported, module+"/"); ok && !slices.Contains(allowed, own) {
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

// checkUse looks whether a file of the library may use something, and notes in
// seen that it does.
func checkUse(t *testing.T, name, used string, seen map[string]bool) {
	files, restricted := onlyIn[used]
	if !restricted || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "internal/cli/") ||
		strings.HasPrefix(name, "internal/login/") {
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
