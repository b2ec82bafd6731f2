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
