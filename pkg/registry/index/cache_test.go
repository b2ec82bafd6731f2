package index

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// The file holds index URLs, and after a tab the directory in which Cargo 1.99
// caches each: with other names the two programs would not find each other's
// caches.
func TestCacheNamesAreCargos(t *testing.T) {
	f, err := os.Open("testdata/cachenames.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		index, want, _ := strings.Cut(lines.Text(), "\t")
		r, err := registry.New("x", index)
		if err != nil {
			t.Errorf("%s: %v", index, err)
		} else if got := cacheName(r); got != want {
			t.Errorf("%s: got %s, want %s", index, got, want)
		}
	}
}
