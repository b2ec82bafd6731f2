package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// On macOS the programs link a part of a module that has its own licence.
func TestLicenceOfAPart(t *testing.T) {
	const part = "Copyright (c) 2016 Alessio Treglia"
	for system, want := range map[string]bool{"darwin": true, "linux": false} {
		file := filepath.Join(t.TempDir(), "licences")
		if err := run(system, "arm64", file, []string{"github.com/cargo-auth/cargo-auth/pkg/keyring"}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), part); got != want {
			t.Errorf("on %s the file has the licence of the part: %t, want %t", system, got, want)
		}
		if module := "Copyright (c) 2016 Zalando"; !strings.Contains(string(text), module) {
			t.Errorf("on %s the module's licence is missing", system)
		}
	}
}
