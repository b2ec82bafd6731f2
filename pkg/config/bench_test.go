package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func BenchmarkLoad5000Registries(b *testing.B) {
	var file strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "[registries.registry-%d]\nindex = \"sparse+https://registry-%d.example/index/\"\n\n", i, i)
	}
	document := []byte(file.String())
	for b.Loop() {
		if _, err := parseTOML(document, &Definition{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoginBeside50000Registries(b *testing.B) {
	var content strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&content, "[registries.registry-%d]\ntoken = \"token-%d\"\n\n", i, i)
	}
	for b.Loop() {
		f := &credentialsFile{document: document{path: "credentials.toml"}}
		if err := f.parse([]byte(content.String())); err != nil {
			b.Fatal(err)
		}
		if err := setToken("registry-25000", "new")(f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAndLookUp is a whole run of a program: the files are read, and
// one registry is looked up.
func BenchmarkReadAndLookUp(b *testing.B) {
	home := b.TempDir()
	var file strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "[registries.registry-%d]\nindex = \"sparse+https://registry-%d.example/index/\"\n\n", i, i)
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(file.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := New(Options{Dir: home, Home: home})
		if r, err := c.Registry("registry-4999"); err != nil || r == nil {
			b.Fatal(r, err)
		}
	}
}
