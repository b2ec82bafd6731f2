package weburl

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Each line of the file is a URL as a Go string, a tab, and what Cargo 1.95 makes of
// it: another URL, or "!" for an error.
func TestParseReadsURLsAsCargoDoes(t *testing.T) {
	f, err := os.Open("testdata/urls.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		quoted, want, _ := strings.Cut(lines.Text(), "\t")
		raw, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		var got string
		if u, err := parse(nil, raw); err != nil {
			got = "!"
		} else {
			got = strconv.QuoteToASCII(u.Href(false))
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", quoted, got, want)
		}
	}
}

// The URL library takes "+1" for a number, and Cargo for a name. A token must not go
// to another host.
//
// differs: index-hosts
func TestHostsThatTheURLLibraryReadsOtherwise(t *testing.T) {
	for _, url := range []string{
		"http://-80/", "http://127.0.0.+1/", "http://127.0.0.\uff0b1/", "http://1%2exn--/", "http://\uff11.2.3.4/", "http://a_é/",
	} {
		if u, err := Parse(url); err == nil {
			t.Errorf("%+q is %s", url, u.Href(false))
		}
	}
}

func TestParseInDirTakesFileURLsAsRelative(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"file:x", "file:///a%20b/%25/x"},
		{"file:./x/", "file:///a%20b/%25/x/"},
		{"file:../x", "file:///a%20b/x"},
		{"file:/x", "file:///x"},
		{"file://h/x", "file://h/x"},
		{"file:?q", "file:///a%20b/%25/?q"},
		{"http:x", "http://x/"},
		{"sparse+https://h/x", "sparse+https://h/x"},
	} {
		u, err := ParseInDir(test.url, "/a b/%")
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
		} else if got := u.Href(false); got != test.want {
			t.Errorf("%s: got %s, want %s", test.url, got, test.want)
		}
	}
}

func TestAFileURLIsRelativeToADirectory(t *testing.T) {
	dir, want := "/some/d%r", "file:///some/d%25r/index"
	if runtime.GOOS == "windows" {
		dir, want = `C:\some\d%r`, "file:///C:/some/d%25r/index"
	}
	u, err := ParseInDir("file:index", filepath.FromSlash(dir))
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Href(false); got != want {
		t.Errorf("file:index in %s is %s, want %s", dir, got, want)
	}
}

func TestParseNamesTheURLThatIsWrong(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"foo", "invalid url `foo`: it has no scheme, such as `https:`"},
		{"http://h:x/", "invalid url `http://h:x/`: The input's port is not a number"},
		{
			"git@github.com:a/b",
			"invalid url `git@github.com:a/b`: it has no scheme, such as `https:`; try using `ssh://git@github.com/a/b` instead",
		},
	} {
		if _, err := Parse(test.url); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.url, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"http://h/", "sparse+https://H:443/a/../b?q#f", "file:x", "http://-80", "http://\u00e4_\u00ad/", "http://0x7f.1/",
		"http://[::ffff:1.2.3.4]:80/", "mailto:a@b", "http://u:p@h:1/", "foo://[::1", "file://h//x", "http://%2e%ff/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Parse(raw)
		if err != nil {
			return
		}
		once := u.Href(false)
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, once, err)
		}
		if twice := again.Href(false); twice != once {
			t.Fatalf("%q became %q, and that %q", raw, once, twice)
		}
	})
}
