package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func readHomeFile(t *testing.T, content string) *HomeFile {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	f, err := ReadHomeFile(home)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestHomeFileChangesNothingElse(t *testing.T) {
	list := []string{"registry", "global-credential-providers"}
	own := []string{"registries", "a", "credential-provider"}
	for _, test := range []struct {
		about, before, after string
		change               func(f *HomeFile) error
	}{
		{
			"a list", "# c\r\n[b]\r\nx = 1\r\n", "# c\r\n[b]\r\nx = 1\r\n\r\n[registry]\r\nglobal-credential-providers = [\"p\"] # why\r\n",
			func(f *HomeFile) error { return f.SetStrings([]string{"p"}, "why", list...) },
		},
		{
			"one more", "registry.global-credential-providers = ['p'] # c", "registry.global-credential-providers = ['p', \"q\"] # c",
			func(f *HomeFile) error { return f.AppendString("q", list...) },
		},
		{
			"one less", "registry.global-credential-providers = ['p', 'q']", "registry.global-credential-providers = ['p']",
			func(f *HomeFile) error { return f.RemoveString("q", list...) },
		},
		{
			"another", "registry.global-credential-providers = ['p', 'q']", "registry.global-credential-providers = ['r', 'q']",
			func(f *HomeFile) error { return f.ReplaceString("p", "r", list...) },
		},
		{
			"a string for a list", "[registries.a]\ncredential-provider = ['x', 'y z']\n", "[registries.a]\ncredential-provider = \"p\" # was ['x', 'y z']\n",
			func(f *HomeFile) error { _, err := f.Substitute("p", own...); return err },
		},
		{
			"the list again", "[registries.a]\ncredential-provider = \"p\" # was ['x', 'y z']\n", "[registries.a]\ncredential-provider = ['x', 'y z']\n",
			func(f *HomeFile) error {
				if restored, err := f.Restore(own...); !restored || err != nil {
					return errors.Join(errors.New("nothing is restored"), err)
				}
				return nil
			},
		},
		{
			"a comment of somebody's", "registries.a.credential-provider = 'p' # was it?", "registries.a.credential-provider = 'p' # was it?",
			func(f *HomeFile) error {
				if restored, err := f.Restore(own...); restored || err != nil {
					return errors.Join(errors.New("something is restored"), err)
				}
				return nil
			},
		},
		{
			"gone with its section", "x = 1\n\n[registries.a]\ncredential-provider = 'p'\n", "x = 1\n",
			func(f *HomeFile) error { return f.Unset(own...) },
		},
		{
			"gone", "[registries.a]\nindex = 'i'\ncredential-provider = 'p' # c\n", "[registries.a]\nindex = 'i'\n",
			func(f *HomeFile) error { return f.Unset(own...) },
		},
	} {
		f := readHomeFile(t, test.before)
		if err := test.change(f); err != nil {
			t.Errorf("%s: %v", test.about, err)
			continue
		}
		if f.Changed() != (test.before != test.after) {
			t.Errorf("%s: it has changed: %v", test.about, f.Changed())
		}
		if err := f.Save(t.Context()); err != nil {
			t.Errorf("%s: %v", test.about, err)
		}
		if got, err := os.ReadFile(f.Path()); string(got) != test.after {
			t.Errorf("%s: the file is\n%q (%v), want\n%q", test.about, got, err, test.after)
		}
		if info, err := os.Stat(f.Path()); err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
			t.Errorf("%s: the mode is %v, %v", test.about, info.Mode(), err)
		}
		if f.Changed() {
			t.Errorf("%s: what has been saved counts as changed", test.about)
		}
	}
}

func TestHomeFileIsReadAsItIsWritten(t *testing.T) {
	f := readHomeFile(t, `
[registry]
global-credential-providers = ["a b", 'c']
credential-provider = "p --flag"
[registries.one]
credential-provider = ["q", "r s"]
[registries.two]
`)
	if got := f.Strings("registry", "global-credential-providers"); !slices.Equal(got, []string{"a b", "c"}) {
		t.Errorf("the list is %q", got)
	}
	if got := f.Keys("registries"); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("the keys are %q", got)
	}
	for key, want := range map[string]string{"registry": "p|--flag", "registries.one": "q|r s", "registries.two": ""} {
		got := ""
		if p := f.Program(append(strings.Split(key, "."), "credential-provider")...); p != nil {
			got = strings.Join(append([]string{p.Name}, p.Args...), "|")
		}
		if got != want {
			t.Errorf("the provider of %s is %q, want %q", key, got, want)
		}
	}
}

func TestHomeFileRefuses(t *testing.T) {
	list := []string{"registry", "global-credential-providers"}
	for about, test := range map[string]struct {
		content string
		change  func(f *HomeFile) error
	}{
		"a list that is none":   {"registry.global-credential-providers = 'p'", func(f *HomeFile) error { return f.AppendString("q", list...) }},
		"a list of other kinds": {"registry.global-credential-providers = [1]", func(f *HomeFile) error { return f.AppendString("q", list...) }},
		"a table that is none":  {"registry = 1", func(f *HomeFile) error { return f.SetStrings([]string{"q"}, "", list...) }},
	} {
		f := readHomeFile(t, test.content)
		if err := test.change(f); err == nil {
			t.Errorf("%s: no error", about)
		}
		if f.Changed() {
			t.Errorf("%s: a change that fails has changed the file", about)
		}
	}

	f := readHomeFile(t, "x = 1\n")
	if err := f.Set("v", "t", "y"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path(), []byte("x = 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(t.Context()); !errors.Is(err, ErrChanged) {
		t.Errorf("saving over another's change gets the error %v", err)
	}
	if got, _ := os.ReadFile(f.Path()); string(got) != "x = 2\n" {
		t.Errorf("the other's change has become %q", got)
	}

	if err := os.WriteFile(f.Path(), []byte("x = "), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadHomeFile(filepath.Dir(f.Path())); !errors.As(err, new(*SyntaxError)) {
		t.Errorf("a broken file gets the error %v", err)
	}
}

func TestHomeFileIsMadeWhenItIsSaved(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new", "home")
	f, err := ReadHomeFile(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(home); err == nil {
		t.Error("saving no change has made the home")
	}
	if err := f.Set("v", "t", "k"); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(home, "config.toml")); string(got) != "[t]\nk = \"v\"\n" {
		t.Errorf("the file is %q, %v", got, err)
	}
}
