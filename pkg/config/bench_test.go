package config

import (
	"fmt"
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
		if _, err := parseTOML(document, Definition{}); err != nil {
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
		f := &CredentialsFile{path: "credentials.toml"}
		if err := f.parse([]byte(content.String())); err != nil {
			b.Fatal(err)
		}
		if err := f.SetToken("registry-25000", NewSecret("new")); err != nil {
			b.Fatal(err)
		}
	}
}
