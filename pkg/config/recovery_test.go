package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestAMixtureIsToldFromWhatOthersWrite(t *testing.T) {
	before := []byte(strings.Repeat("an old line\n", 1000))
	after := []byte(strings.Repeat("a new line\n", 1300))
	n := len(before)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	// Lines of which 64 are a page.
	var lines []byte
	for i := range 200 {
		lines = fmt.Appendf(lines, "%063d\n", i)
	}
	longer := join(lines[64:2*64], lines)
	for about, test := range map[string]struct {
		before, after, now []byte
		want               bool
	}{
		"old":                       {before, after, before, false},
		"new":                       {before, after, after, false},
		"old, longer by line ends":  {before, after, padded(before, len(after)), true},
		"old, longer by zeros":      {before, after, join(before, make([]byte, 100)), true},
		"new, then old":             {before, after, join(after[:4096], before[4096:]), true},
		"old, then new":             {before, after, join(before[:4096], after[4096:]), true},
		"zeros among them":          {before, after, join(after[:4096], make([]byte, 4096), after[8192:]), true},
		"all zeros":                 {before, after, make([]byte, n), true},
		"cut":                       {before, after, join(after[:4096], before[4096:8000]), false},
		"nothing":                   {before, after, nil, false},
		"more":                      {before, after, join(after, []byte("x")), false},
		"another line":              {before, after, join(before[:5000], []byte("x"), before[5001:]), false},
		"shrinking, with line ends": {after, before, padded(before, len(after)), true},
		"shrinking, cut":            {after, before, after[:n+1], false},
		"from nothing":              {nil, after, after[:4096], true},
		"to nothing":                {after, nil, padded(nil, len(after)), true},
		"growing, in a line":        {before, after, join(after[:4096], before[4096:]), true},
		"growing, cut in a line":    {before, after, after[:len(after)-3], true},
		"growing, the last is out":  {before, after, after[:len(after)-len("a new line\n")], false},
		"growing, some line ends":   {before, after, padded(before, n+1), false},
		"growing by a line":         {lines, longer, join(longer[:4096], lines[4096:]), true},
		"growing by two pages":      {lines[:4096], lines[4096:], lines[4096:][:8192], true},
		"growing by a line less":    {lines[:4096], lines[4096:], lines[4096:][:8192-64], false},
		"added, in part":            {before, join(before, after), join(before, after[:1003]), true},
		"added, some lines":         {before, join(before, after), join(before, after[:1100]), false},
		"added, some zeros":         {before, join(before, after), join(before, after[:288], make([]byte, 10)), true},
	} {
		if got := isMixture(test.now, test.before, test.after); got != test.want {
			t.Errorf("%s: %v, want %v", about, got, test.want)
		}
	}
}

// tornConfig returns a home whose config.toml was written in part.
func tornConfig(t *testing.T) (home, path string, after []byte) {
	t.Helper()
	before := "# mine\n" + strings.Repeat("# a comment\n", 1000)
	home, path = configHome(t, before)
	f, err := readConfig(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Set(Key{"registries", "a", "index"}, "sparse+https://example.com/"); err != nil {
		t.Fatal(err)
	}
	after = f.document.text.Bytes()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := keepCopy(file, []byte(before), after); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(make([]byte, 4096), 4096); err != nil {
		t.Fatal(err)
	}
	return home, path, after
}

func TestATornConfigurationIsMended(t *testing.T) {
	for about, open := range map[string]func(home string) error{
		"to read it": func(home string) error { return New(Options{Dir: t.TempDir(), Home: home}).Load() },
		"to read it as a home file": func(home string) error {
			_, err := readConfig(home)
			return err
		},
		"to change it": func(home string) error {
			_, f, err := openLocked(context.Background(), configKind, home, nil)
			if err == nil {
				f.Close()
			}
			return err
		},
	} {
		home, path, after := tornConfig(t)
		if err := open(home); err != nil {
			t.Errorf("%s: %v", about, err)
		}
		if got := readString(t, path); got != string(after) {
			t.Errorf("%s: the file has %d bytes, want %d", about, len(got), len(after))
		}
		if entries, err := os.ReadDir(home); err != nil || len(entries) != 1 {
			t.Errorf("%s: the home has %v, %v", about, entries, err)
		}
	}
}

// While the file cannot be parsed, the copy may have what is missing.
func TestARecoveryCopyStaysUntilTheFileIsWhole(t *testing.T) {
	home, path, after := tornConfig(t)
	recovery := copyPaths(path)[0]
	const edited = "x = 1\ny =\n"
	for _, test := range []struct {
		now         string
		copy, fails bool
	}{{edited, true, true}, {edited, true, true}, {"x = 1\n", false, false}} {
		if err := os.WriteFile(path, []byte(test.now), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(home); (err != nil) != test.fails {
			t.Errorf("%q: %v", test.now, err)
		}
		if got := readString(t, path); got != test.now {
			t.Errorf("%q has become %q", test.now, got)
		}
		if hasCopy(path) != test.copy {
			t.Errorf("%q: that the copy is there is %v", test.now, hasCopy(path))
		}
		if test.copy {
			if _, got, _ := documentsOf([]byte(readString(t, recovery))); !bytes.Equal(got, after) {
				t.Errorf("%q: the copy has changed", test.now)
			}
		}
	}
}

func TestABrokenRecoveryCopyIsRemoved(t *testing.T) {
	for _, damage := range []func(content []byte) []byte{
		func(content []byte) []byte { return content[:len(content)-1] },
		func(content []byte) []byte { return content[:10] },
		func(content []byte) []byte { clear(content[8192:]); return content },
		func(content []byte) []byte { clear(content); return content },
		func(content []byte) []byte { content[len(copyMark)] = 0xff; return content },
	} {
		home, path, _ := tornConfig(t)
		recovery := copyPaths(path)[0]
		if err := os.WriteFile(recovery, damage([]byte(readString(t, recovery))), ownerOnly); err != nil {
			t.Fatal(err)
		}
		torn := readString(t, path)
		if _, err := readConfig(home); err == nil {
			t.Error("a torn file is read")
		}
		if _, err := os.Stat(recovery); err == nil {
			t.Error("the broken copy is still there")
		}
		if readString(t, path) != torn {
			t.Error("the file has been changed")
		}
	}
}
