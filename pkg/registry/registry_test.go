package registry

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// world is a configuration in a temporary directory, which shows as $D in messages.
type world struct {
	*config.Config
	dir     string
	notices []string
}

// newWorld returns a world with a config.toml in its home.
func newWorld(t *testing.T, content string, environ ...string) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	home := filepath.Join(w.dir, "home")
	work := filepath.Join(w.dir, "work")
	for _, dir := range []string{home, work} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	c := config.New(config.Options{
		Dir: work, Home: home, Environ: environ,
		Notify: func(n config.Message) { w.notices = append(w.notices, n.Text) },
	})
	w.Config = c
	return w
}

// chain shows an error's layers, outermost first, as a program prints them.
func (w *world) chain(err error) string {
	var layers []string
	for err != nil {
		cause := errors.Unwrap(err)
		text := err.Error()
		if cause != nil {
			text = strings.TrimSuffix(text, ": "+cause.Error())
		}
		layers = append(layers, text)
		err = cause
	}
	return w.masked(strings.Join(layers, " | "))
}

func (w *world) masked(s string) string {
	return filepath.ToSlash(strings.ReplaceAll(s, w.dir, "$D"))
}

func TestValidateName(t *testing.T) {
	const (
		digit   = "the name cannot start with a digit"
		start   = "the first character must be a Unicode XID start character (most letters or `_`)"
		within  = "characters must be Unicode XID characters (numbers, `-`, `_`, or most letters)"
		nothing = ""
	)
	for _, test := range []struct {
		name   string
		bad    rune
		reason string
	}{
		{"a", 0, nothing},
		{"_a", 0, nothing},
		{"_", 0, nothing},
		{"a-b_c9", 0, nothing},
		{"crates_io", 0, nothing},
		{"ä", 0, nothing},
		{"日本", 0, nothing},
		{"a·", 0, nothing},
		{"℘", 0, nothing},
		{"℮", 0, nothing},
		{"º", 0, nothing},
		{"𝒳", 0, nothing},
		{"a\u0301", 0, nothing},
		{"a\u19da", 0, nothing},
		{"a\u203f", 0, nothing},
		{"a٣", 0, nothing},
		{"fo.o", '.', within},
		{"a b", ' ', within},
		{"a²", '²', within},
		{"a`b", '`', within},
		{"x/y", '/', within},
		{"1a", '1', digit},
		{"-a", '-', start},
		{"²", '²', start},
		{"·", '·', start},
		{"\u30fb", '\u30fb', start},
		{"\u200c", '\u200c', start},
		{"\u0301a", '\u0301', start},
		{"٣", '٣', start},
		{"😀", '😀', start},
		{"\ufe33a", '\ufe33', start},
	} {
		want := "<nil>"
		if test.reason != "" {
			want = fmt.Sprintf("invalid character `%c` in registry name: `%s`, %s", test.bad, test.name, test.reason)
		}
		if got := fmt.Sprint(ValidateName(test.name)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", test.name, got, want)
		}
	}
	// differs: unicode-names
	for _, name := range []string{"a\u200d", "a・"} {
		if err := ValidateName(name); err == nil || !strings.HasSuffix(err.Error(), within) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	// differs: control-characters
	want := "invalid character `\\n` in registry name: `a\\nb`, " + within
	if got := fmt.Sprint(ValidateName("a\nb")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(ValidateName("")); got != "registry name cannot be empty" {
		t.Errorf("empty: got %s", got)
	}
}

func TestCanonicalComparesAsCargoDoes(t *testing.T) {
	for _, test := range []struct{ index, want string }{
		{"http://h/x", "http://h/x"},
		{"http://h/x/", "http://h/x"},
		{"http://h/x.git", "http://h/x"},
		{"http://h/x.git/", "http://h/x"},
		{"http://h/x.git.git", "http://h/x.git"},
		{"http://h/x//", "http://h/x/"},
		{"http://h/", "http://h/"},
		{"http://h/.git", "http://h/"},
		{"http://h/x/.git", "http://h/x/"},
		{"http://h/x/..git", "http://h/x"},
		{"http://h/a%20b.git", "http://h/a%2520b"},
		{"http://h/x?q", "http://h/x?q"},
		{"http://github.com/A/B.git", "https://github.com/a/b"},
		{"ssh://git@github.com/A/B.git", "https://git@github.com/a/b"},
		{"sparse+https://h/b/", "sparse+https://h/b"},
		{"sparse+https://GitHub.com/A/", "sparse+https://GitHub.com/A"},
		// Only git indexes are folded, and they have no "+" in their scheme.
		{"sparse+https://github.com/A/b/", "sparse+https://github.com/A/b"},
		{"sparse+https://h/x.git/", "sparse+https://h/x.git"},
		{"git+https://github.com/A/x.git", "git+https://github.com/A/x.git"},
	} {
		r, err := New("x", test.index)
		if err != nil {
			t.Errorf("%s: %v", test.index, err)
		} else if got := r.Canonical(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.index, got, test.want)
		}
	}
}

// Each pair was tried with Cargo 1.99: it was asked for the token of the first URL,
// and that of the second was configured. A token goes to no other registry.
func TestTwoURLsAreOneRegistry(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"https://h/x", "https://h/x/", true},
		{"https://h/x", "https://h/x.git", true},
		{"https://h/x", "https://h/x.git/", true},
		{"https://H/x", "https://h:443/./y/../x", true},
		{"https://github.com/A/X.git", "http://github.com/a/x", true},
		{"sparse+https://h/x/", "sparse+https://h/./x/", true},
		{"https://h/x", "https://h/X", false},
		{"https://h/x", "http://h/x", false},
		{"https://h/x", "https://h:444/x", false},
		{"https://h/x", "https://u@h/x", false},
		{"https://h/x", "sparse+https://h/x/", false},
		{"sparse+https://h/x/", "sparse+https://h/x.git/", false},
		{"sparse+https://h/x/", "sparse+https://h/x//", false},
		{"sparse+https://h/x/", "sparse+https://h:443/x/", false},
		{"sparse+https://h/x/", "sparse+https://H/x/", false},
		{"sparse+https://github.com/a/x/", "sparse+https://github.com/A/x/", false},
		{"sparse+https://github.com/a/x/", "sparse+http://github.com/a/x/", false},
		{"sparse+https://github.com/a/x/", "https://github.com/a/x", false},
		{"https://bücher.de/x", "https://xn--bcher-kva.de/x", true},
		{"https://BÜCHER.de/x", "https://b%C3%BCcher.de/x", true},
		{"https://127.1/x", "https://127.0.0.1/x", true},
		{"https://github.com./A/x", "https://github.com./a/x", false},
		{"https://GITHUB.com/A/x", "ssh://github.com/a/x.git", true},
		{"https://h/%7e", "https://h/~", false},
		{"https://h/%2F", "https://h/%2f", false},
		{"https://h/x?", "https://h/x", false},
		{"https://h/x#f", "https://h/x", false},
		{"https://h/x?a", "https://h/x.git?a", true},
		{"https://h/%2e%2e/x", "https://h/x", true},
		{"https://h/x%2egit", "https://h/x.git", false},
		{"https://u:@h/x", "https://u@h/x", true},
		{"SPARSE+https://h/x/", "sparse+https://h/x/", true},
		{"sparse+HTTP://h/x/", "sparse+http://h/x/", true},
		{"sparse+https://bücher.de/x/", "sparse+https://xn--bcher-kva.de/x/", false},
		{"sparse+https://h/x/", "sparse+https://h/x/#", false},
		{"sparse+https://h/%7E/", "sparse+https://h/~/", false},
		{"ssh://h/x", "ssh://h:22/x", false},
		{"http://h:0080/x", "http://h/x", true},
		{"http://h:/x", "http://h/x", true},
		{"https://h/x.git.git", "https://h/x.git", false},
		{"https://h/X.GIT", "https://h/X", false},
		{"https://h\\x", "https://h/x", true},
	} {
		a, errA := New("a", test.a)
		b, errB := New("b", test.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if same := a.Canonical() == b.Canonical(); same != test.same {
			t.Errorf("%s and %s: the same is %v, want %v", test.a, test.b, same, test.same)
		}
	}
}

func TestNamesOfRegistries(t *testing.T) {
	for _, test := range []struct {
		name, index string
		cratesIO    bool
		want        string
	}{
		{"x", "sparse+https://h/", false, "x"},
		{"", "https://H/", false, "https://h/"},
		{"crates-io", cratesIOIndex, true, "crates-io"},
		{"mine", cratesIOSparseIndex, true, "mine"},
		{"mine", "HTTPS://GitHub.com:443/rust-lang/./crates.io-index", true, "mine"},
		{"x", cratesIOIndex + ".git", false, "x"},
	} {
		r, err := New(test.name, test.index)
		if err != nil {
			t.Fatal(err)
		}
		if r.IsCratesIO() != test.cratesIO || r.String() != test.want || r.Name() != test.name {
			t.Errorf("%s: got %s, and crates.io is %v", test.index, r, r.IsCratesIO())
		}
	}
}

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
			if err != nil || r.index != index || r.Canonical() != index && r.Canonical()+"/" != index {
				t.Fatalf("%q is clear, and yet %q, %q, %v", index, r.index, r.Canonical(), err)
			}
		}
		if err != nil {
			return
		}
		if (source{Registry: r}).check() == nil && r.IsSparse() {
			if _, err := weburl.Parse(strings.TrimPrefix(r.index, sparsePrefix)); err != nil {
				t.Fatalf("%q is taken, and yet %v", r.index, err)
			}
		}
		again, err := New("y", r.index)
		if err != nil || again.index != r.index || again.Canonical() != r.Canonical() {
			t.Fatalf("%q and %q (%v) should be the same", r.index, again.index, err)
		}
		// The canonical form is a URL too.
		if _, err := New("y", r.Canonical()); err != nil {
			t.Fatalf("%q: %v", r.index, err)
		}
		if c := r.Canonical(); r.IsSparse() && !strings.ContainsAny(r.index, "?#") && c != r.index && c+"/" != r.index {
			t.Fatalf("%q is compared as %q", r.index, r.Canonical())
		}
	})
}
