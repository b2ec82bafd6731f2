package registry

import (
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"https://h/x.git/", "sparse+https://GITHUB.com/A/", "https://github.com/A/..git", "http://h/%2e%2e/.git?q#f",
		"file:///x//.git", "ssh://git@github.com:22/A.git", "git+https://h", "foo:/.//x", "http://1.2.3/",
		"sparse+https://registry.example/index/", "https://h/", "https://a-b.c9.d/x/y", "sparse+https://h/x", "https://h//", "http://127.0.0.1:8080/", "sparse+http://[::1]:80/x/", "http://1.2.3.4:080/", "http://h:65536/", "https://h:443/", "http://h:80/", "https://a.0x1/", "https://xn--a/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, index string) {
		if len(index) > 500 {
			return // no host is that long, and the library encodes such labels wrongly
		}
		r, err := New("x", index)
		plain, isPlain := plainCanonical(index)
		if err != nil {
			if isPlain {
				t.Fatalf("%q is as plain as %q, and yet %v", index, plain, err)
			}
			return
		}
		u, err := weburl.Parse(index)
		if isPlain && (err != nil || plain != canonical(u) || r.Index != index) {
			t.Fatalf("%q is as plain as %q, and yet %q, %q (%v)", index, plain, r.Index, canonical(u), err)
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
		_ = r.Host()
	})
}
