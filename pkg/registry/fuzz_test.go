package registry

import (
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
)

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"https://h/x.git/", "sparse+https://GITHUB.com/A/", "https://github.com/A/..git", "http://h/%2e%2e/.git?q#f",
		"file:///x//.git", "ssh://git@github.com:22/A.git", "git+https://h", "foo:/.//x", "http://1.2.3/",
		"sparse+https://registry.example/index/", "sparse+https://h/x.git/", "sparse+https://a-b.c9.d/x_y/z/", "sparse+https://1.2/0/", "sparse+https://h/", "https://h//", "sparse+http://[::1]:80/x/", "https://xn--a/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, index string) {
		if len(index) > 500 {
			return // no host is that long, and the library encodes such labels wrongly
		}
		r, err := New("x", index)
		if isClear(index) {
			if err != nil || r.Index != index || r.Canonical() != index && r.Canonical()+"/" != index {
				t.Fatalf("%q is clear, and yet %q, %q, %v", index, r.Index, r.Canonical(), err)
			}
		}
		if err != nil {
			return
		}
		if (source{Registry: r}).check() == nil && r.Kind == Sparse {
			if _, err := weburl.Parse(strings.TrimPrefix(r.Index, sparsePrefix)); err != nil {
				t.Fatalf("%q is taken, and yet %v", r.Index, err)
			}
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
		if c := r.Canonical(); r.Kind == Sparse && !strings.ContainsAny(r.Index, "?#") && c != r.Index && c+"/" != r.Index {
			t.Fatalf("%q is compared as %q", r.Index, r.Canonical())
		}
	})
}
