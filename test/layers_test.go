//go:build unix

// The code keeps its structure: which package imports which, what a logout links,
// and that every exported name has a comment.

package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the module that ships.
const module = "github.com/cargo-auth/cargo-auth"

// mayImport says which packages of this project a directory's packages may import.
// The longest matching entry counts.
var mayImport = map[string][]string{
	"internal/subprocess": {"internal/system", "internal/terminal"},
	"internal/system":     {},
	"internal/terminal":   {"internal/system"},
	"internal/tomledit":   {},
	"internal/untrusted":  {},
	"internal/weburl":     {},
	"pkg/config":          {"internal/system", "internal/tomledit", "internal/untrusted"},
	"pkg/registry":        {"internal/system", "internal/untrusted", "internal/weburl", "pkg/config"},
	"pkg/registry/index": {
		"internal/subprocess", "internal/system", "internal/untrusted", "internal/weburl",
		"pkg/config", "pkg/registry",
	},
	"pkg/credential": {
		"internal/subprocess", "internal/system", "internal/terminal", "internal/untrusted",
		"pkg/config", "pkg/registry",
	},
	"pkg/credential/paseto": {"pkg/config", "pkg/credential"},
	"pkg/keyring":           {"internal/system", "internal/terminal", "pkg/config", "pkg/credential"},
	"internal/cli": {
		"internal/system", "internal/terminal", "internal/untrusted", "internal/weburl",
		"pkg/config", "pkg/credential", "pkg/keyring", "pkg/registry",
	},
	"internal/login": {
		"internal/cli", "internal/terminal", "pkg/config", "pkg/credential", "pkg/credential/paseto", "pkg/registry",
		"pkg/registry/index",
	},
	"cmd": {
		"internal/cli", "internal/login", "internal/system", "internal/tomledit", "internal/untrusted",
		"pkg/config", "pkg/credential", "pkg/keyring", "pkg/registry",
	},
}

// onlyIn says which files of the library may use the process or the network. All
// other files get what they need from their callers. A path with a slash at its
// end means a directory.
var onlyIn = map[string][]string{
	"net/http":       {"pkg/registry/index/"},
	"log":            {},
	"os.Args":        {"pkg/credential/main.go"},
	"os.Exit":        {"pkg/credential/main.go", "internal/system/system_unix.go", "internal/system/system_windows.go"},
	"os.Stdin":       {"pkg/credential/main.go"},
	"os.Stdout":      {"pkg/credential/main.go"},
	"os.Stderr":      {"pkg/credential/main.go"},
	"os.Environ":     {},
	"os.Getenv":      {},
	"os.LookupEnv":   {},
	"os.ExpandEnv":   {},
	"os.Getwd":       {"internal/system/system_windows.go"},
	"os.Chdir":       {},
	"os.UserHomeDir": {},
	"user.Current":   {"pkg/config/config.go"},
	"filepath.Abs":   {},
	// The first measures how long something takes; the others use it if the caller
	// gives no clock.
	"time.Now": {"internal/system/system.go", "pkg/credential/chain.go", "pkg/credential/paseto/paseto.go"},
}

// Packages import only the packages below them, and the library takes nothing from
// the process unless its caller hands it over. This holds for the files of every
// system.
func TestPackagesKeepTheirPlace(t *testing.T) {
	seen := map[string]bool{}
	for _, top := range []string{"cmd", "internal", "pkg"} {
		err := filepath.WalkDir(top, func(name string, _ fs.DirEntry, err error) error {
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

// checkUse checks that a file of the library may use something, and adds the use
// to seen.
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

// A logout never uses the network, so it contains no HTTP client.
func TestLogoutLinksNoHTTPClient(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./cmd/cargo-logout")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "cargo-auth/pkg/credential\n") {
		t.Errorf("this is not the right program, it links only:\n%s", out)
	}
	for _, dep := range strings.Fields(string(out)) {
		if dep == "net/http" || dep == "crypto/tls" || strings.HasSuffix(dep, "/registry/index") {
			t.Errorf("cargo-logout links %s", dep)
		}
	}
}

// Every exported name of the library has a comment, on every system. staticcheck
// checks their form.
func TestEveryExportedNameHasAComment(t *testing.T) {
	names := 0
	err := filepath.WalkDir("pkg", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "internal" || d.Name() == "testdata" {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			for _, name := range exported(decl) {
				names++
				if !name.commented {
					t.Errorf("%s: %s has no comment", files.Position(name.Pos()), name.Name)
				}
			}
		}
		return nil
	})
	if err != nil || names == 0 {
		t.Fatalf("%d names looked at, %v", names, err)
	}
}

type exportedName struct {
	*ast.Ident
	commented bool
}

// exported returns the exported names of a declaration. One comment may serve a
// whole group of constants or variables.
func exported(decl ast.Decl) (names []exportedName) {
	add := func(id *ast.Ident, docs ...*ast.CommentGroup) {
		name := exportedName{Ident: id}
		for _, doc := range docs {
			name.commented = name.commented || doc != nil
		}
		if id.IsExported() {
			names = append(names, name)
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || receiver(decl).IsExported() {
			add(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name, decl.Doc, spec.Doc)
				if contract, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.IsExported() {
					for _, method := range contract.Methods.List {
						for _, id := range method.Names {
							add(id, method.Doc)
						}
					}
				}
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					add(id, decl.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return names
}

// receiver returns the name of a method's type.
func receiver(method *ast.FuncDecl) *ast.Ident {
	typ := method.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t
		default:
			return ast.NewIdent("")
		}
	}
}
