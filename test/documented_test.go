//go:build unix

package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Every exported name of the library has a comment, for every system. What the
// comments must look like is staticcheck's.
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

// exported returns the exported names of a declaration. A group of constants or
// variables may have one comment for all.
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

// receiver is the name of the type that a method has.
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
