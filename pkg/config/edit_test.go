package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// configHome returns a home with a configuration file.
func configHome(t *testing.T, content string) (home, path string) {
	t.Helper()
	home = t.TempDir()
	path = filepath.Join(home, "config.toml")
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return home, path
}

// readConfig returns the configuration file in a home as it can be edited.
func readConfig(home string) (read *File, err error) {
	_, err = New(Options{Home: home}).Edit(context.Background(), func(f *File) error {
		read = f
		return nil
	})
	return read, err
}

func TestFilesChangeNothingElse(t *testing.T) {
	list := Key{"registry", "global-credential-providers"}
	own := Key{"registries", "a", "credential-provider"}
	for _, test := range []struct {
		about, before, after string
		change               func(f *File) error
	}{
		{
			"a new list", "# mine\n", "# mine\n\n[registry]\nglobal-credential-providers = [\"p\"] # why\n",
			func(f *File) error {
				return errors.Join(f.SetList(list, []string{"p"}),
					f.Change(list, func(d *tomledit.Document) error { return d.AddComment("why", list...) }))
			},
		},
		{
			"one more", "registry.global-credential-providers = ['p'] # c", "registry.global-credential-providers = ['p', \"q\"] # c",
			func(f *File) error { return f.SetList(list, []string{"p", "q"}) },
		},
		{
			"one less", "registry.global-credential-providers = ['p', 'q']", "registry.global-credential-providers = ['p']",
			func(f *File) error { return f.SetList(list, []string{"p"}) },
		},
		{
			"another", "registry.global-credential-providers = ['p', 'q']", "registry.global-credential-providers = ['r', 'q']",
			func(f *File) error { return f.SetList(list, []string{"r", "q"}) },
		},
		{
			"a string for a list", "[registries.a]\ncredential-provider = ['x', 'y z']\n", "[registries.a]\ncredential-provider = \"p\" # was ['x', 'y z']\n",
			func(f *File) error {
				return f.Change(own, func(d *tomledit.Document) error { _, err := d.Substitute("p", own...); return err })
			},
		},
		{
			"the list again", "[registries.a]\ncredential-provider = \"p\" # was ['x', 'y z']\n", "[registries.a]\ncredential-provider = ['x', 'y z']\n",
			func(f *File) error {
				return f.Change(own, func(d *tomledit.Document) error { _, err := d.Restore(own...); return err })
			},
		},
		{
			"gone with its section", "x = 1\n\n[registries.a]\ncredential-provider = 'p'\n", "x = 1\n",
			func(f *File) error { return f.Unset(own) },
		},
		{
			"gone", "[registries.a]\nindex = 'i'\ncredential-provider = 'p' # c\n", "[registries.a]\nindex = 'i'\n",
			func(f *File) error { return f.Unset(own) },
		},
		{"nothing", "[registries.a]\nx=1", "[registries.a]\nx=1", func(f *File) error { return f.Unset(own) }},
	} {
		home, path := configHome(t, test.before)
		changed, err := New(Options{Home: home}).Edit(t.Context(), test.change)
		if err != nil || changed != (test.before != test.after) {
			t.Errorf("%s: it has changed: %v, %v", test.about, changed, err)
		}
		if got := readString(t, path); got != test.after {
			t.Errorf("%s: the file is\n%q, want\n%q", test.about, got, test.after)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
			t.Errorf("%s: the mode is %v, %v", test.about, info.Mode(), err)
		}
	}
}

func TestFilesAreReadAsTheyAreWritten(t *testing.T) {
	home, path := configHome(t, "registry.a = ['x', {b = 1, c = true}]\n")
	f, err := readConfig(home)
	if err != nil || f.Path != path {
		t.Fatal(f, err)
	}
	want := map[string]any{"a": []any{"x", map[string]any{"b": int64(1), "c": true}}}
	if got := f.Get(Key{"registry"}); !reflect.DeepEqual(got, want) {
		t.Errorf("the table is %v, want %v", got, want)
	}
	if got := f.Get(Key{"registry", "x"}); got != nil {
		t.Errorf("what is not there is %v", got)
	}
}

func TestEditsThatFailChangeNothing(t *testing.T) {
	key := Key{"registry", "x"}
	for about, test := range map[string]struct {
		content string
		change  func(f *File) error
	}{
		"a table that is none":  {"registry = 1", func(f *File) error { return f.Set(key, "v") }},
		"a list in such a one":  {"registry = 1", func(f *File) error { return f.SetList(key, []string{"v"}) }},
		"a list of other kinds": {"registry.x = ['a', 1]", func(f *File) error { return f.SetList(key, []string{"a"}) }},
		"a change of something else": {"registry.x = 1\nregistry.y = 1", func(f *File) error {
			return f.Change(key, func(d *tomledit.Document) error { return d.Set("v", "registry", "y") })
		}},
		"a comment that is no value": {"registry.x = 'p' # was it?", func(f *File) error {
			return f.Change(key, func(d *tomledit.Document) error { _, err := d.Restore(key...); return err })
		}},
		"a caller who wants it so": {"", func(f *File) error { return errors.Join(f.Set(key, "v"), context.Canceled) }},
	} {
		home, path := configHome(t, test.content)
		if _, err := New(Options{Home: home}).Edit(t.Context(), test.change); err == nil {
			t.Errorf("%s: no error", about)
		}
		if got := readString(t, path); got != test.content {
			t.Errorf("%s: the file is %q", about, got)
		}
	}
	home, _ := configHome(t, "x = ")
	if _, err := readConfig(home); !errors.As(err, new(*syntaxError)) {
		t.Errorf("a broken file gets the error %v", err)
	}
}

func TestAnEditStartsAgainIfTheFileChanges(t *testing.T) {
	home, path := configHome(t, "")
	edit := func(others int) error {
		attempt := 0
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		_, err := New(Options{Home: home}).Edit(t.Context(), func(f *File) error {
			if attempt++; attempt <= others {
				if err := os.WriteFile(path, fmt.Appendf(nil, "x = %d\n", attempt), 0o600); err != nil {
					return err
				}
			}
			return f.Set(Key{"t", "y"}, "v")
		})
		return err
	}
	if err := edit(2); err != nil {
		t.Fatal(err)
	}
	if got, want := readString(t, path), "x = 2\n\n[t]\ny = \"v\"\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	if err := edit(mostAttempts); !errors.Is(err, errChanged) {
		t.Errorf("a file that changes each time gets the error %v", err)
	}
}

func TestAnEditMakesTheHomeOnlyToSave(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new", "home")
	if _, err := readConfig(home); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(home); err == nil {
		t.Error("no change has made the home")
	}
	if _, err := New(Options{Home: home}).Edit(t.Context(), func(f *File) error { return f.Set(Key{"t", "k"}, "v") }); err != nil {
		t.Fatal(err)
	}
	if got := readString(t, filepath.Join(home, "config.toml")); got != "[t]\nk = \"v\"\n" {
		t.Errorf("the file is %q", got)
	}
}
