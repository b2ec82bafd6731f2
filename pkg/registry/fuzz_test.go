package registry

import (
	"strings"
	"testing"
)

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"https://h/x.git/", "sparse+https://GITHUB.com/A/", "https://github.com/A/..git", "http://h/%2e%2e/.git?q#f",
		"file:///x//.git", "ssh://git@github.com:22/A.git", "git+https://h", "foo:/.//x", "http://1.2.3/",
		"sparse+https://registry.example/index/", "https://h/", "https://a-b.c9.d/x/y", "sparse+https://h/x", "https://h//", "https://a.0x1/", "https://xn--a/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, index string) {
		if len(index) > 500 {
			return // no host is that long, and the library encodes such labels wrongly
		}
		r, err := New("x", index)
		if plain, ok := plainCanonical(index); ok && (err != nil || plain != r.Canonical()) {
			t.Fatalf("%q is as plain as %q, and yet %q, %v", index, plain, r.Canonical(), err)
		}
		if err != nil {
			return
		}
		if (r.Kind == Sparse) != strings.HasPrefix(r.Index, sparsePrefix) {
			t.Fatalf("%q is of kind %v", r.Index, r.Kind)
		}
		again, err := New("y", r.Index)
		if err != nil || again.Index != r.Index || again.Canonical() != r.Canonical() {
			t.Fatalf("%q and %q (%v) should be the same", r.Index, again.Index, err)
		}
		// What is compared is a URL itself: the hash of the cache is taken of it.
		if _, err := New("y", r.Canonical()); err != nil {
			t.Fatalf("%q: %v", r.Index, err)
		}
		_ = r.Host()
	})
}
