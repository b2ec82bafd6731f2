package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// settings has a field of every kind that Table fills.
type settings struct {
	inner
	Text    *string         `toml:"text"`
	Number  *uint32         `toml:"number"`
	Wide    *uint64         `toml:"wide"`
	Where   *Value[string]  `toml:"where"`
	Secret  *Value[Secret]  `toml:"secret"`
	List    []Value[string] `toml:"list"`
	Program *Program        `toml:"program"`
	Version struct {
		Only *string `toml:"."`
		Min  *string `toml:"min"`
		Max  *string `toml:"max"`
	} `toml:"version"`
	Table struct {
		Width *uint `toml:"width"`
	} `toml:"table"`
}

type inner struct {
	Flag *bool `toml:"flag"`
}

func TestTablesAreRead(t *testing.T) {
	w := newWorld(t, map[string]string{"home/config.toml": `
[a]
flag = true
number = 4294967295
where = "bin/x"
secret = "s3cr3t"
list = ["x", "y z"]
program = "bin/p -q"
version = "1"
table.width = 80
table.other = 1
unread = "x"
`})
	w.environ = []string{"CARGO_A_TEXT=env", "CARGO_A_WIDE=7"}
	c := w.load()
	var s settings
	if err := c.Table("a", &s); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(*s.Flag, *s.Text, *s.Number, *s.Wide, c.ResolvePath(s.Where.Val, s.Where.Definition), s.Secret.Val.Expose(),
		s.List[1].Val, s.Program.Path, s.Program.Args, *s.Version.Only, s.Version.Min, *s.Table.Width)
	if got, want := w.relative(got), "true env 4294967295 7 DIR/bin/x s3cr3t y z DIR/bin/p [-q] 1 <nil> 80\n"; got != want {
		t.Errorf("the table is %q, want %q", got, want)
	}
	var said []string
	for _, m := range w.messages {
		said = append(said, w.relative(m.Text))
	}
	want := "unused config key `a.unread` in `DIR/home/config.toml`, unused config key `a.table.other` in `DIR/home/config.toml`"
	if got := strings.Join(said, ", "); got != want {
		t.Errorf("the warnings are %q, want %q", got, want)
	}
	var none settings
	if err := c.Table("none", &none); err != nil || none.Text != nil || none.List != nil {
		t.Errorf("a table that is not configured is %v, %v", none, err)
	}
}

// The tables in a table have the user's names, which a variable has as they are.
func TestTablesOfTheUserAreRead(t *testing.T) {
	w := newWorld(t, map[string]string{"home/config.toml": "[source.a-b]\nregistry = 'x'\n[source.c]\n"})
	w.environ = []string{"CARGO_SOURCE_a-b_REGISTRY=env", "CARGO_SOURCE_D_REGISTRY=env"}
	var tables map[string]struct {
		Registry *Value[string] `toml:"registry"`
	}
	if err := w.load().Table("source", &tables); err != nil {
		t.Fatal(err)
	}
	if len(tables) != 2 || tables["a-b"].Registry.Val != "env" || tables["c"].Registry != nil {
		t.Errorf("the tables are %v", tables)
	}
}

func TestWrongTablesAreRefused(t *testing.T) {
	const file = "error in DIR/home/config.toml: "
	for content, want := range map[string]string{
		"a = 1":                 "invalid configuration for key `a`\nexpected a table, but found a integer for `a` in DIR/home/config.toml",
		"a.table = 1":           "invalid configuration for key `a.table`\nexpected a table, but found a integer for `a.table` in DIR/home/config.toml",
		"a.flag = 1":            file + "`a.flag` expected true/false, but found a integer",
		"a.number = -1":         file + "could not load config key `a.number` | -1 is out of range",
		"a.number = 4294967296": file + "could not load config key `a.number` | 4294967296 is out of range",
		"a.wide = -1":           file + "could not load config key `a.wide` | -1 is out of range",
		"a.table.width = -1":    file + "could not load config key `a.table.width` | -1 is out of range",
		"a.where = 1":           file + "could not load config key `a.where` | " + file + "`a.where` expected a string, but found a integer",
		"a.list = ['x', 1]":     file + "failed to parse config at `a.list[1]` | expected a string, but found a integer",
		"a.program = []":        "`a.program` names no program",
		"[a.program]":           file + "could not load config key `a.program` | invalid configuration for key `a.program`\nexpected a string or array of strings, but found a table for `a.program` in DIR/home/config.toml",
	} {
		w := newWorld(t, map[string]string{"home/config.toml": content})
		var s settings
		if got := w.relative(layers(w.load().Table("a", &s))); got != want {
			t.Errorf("%s:\n got %s\nwant %s", content, got, want)
		}
	}
}

func TestAStringMayStandForATable(t *testing.T) {
	const file = "error in DIR/home/config.toml: could not load config key `a.version` | "
	for _, test := range []struct {
		value, environ string
		want           string // the string and the two keys, or the layers of the error
	}{
		{"'1.2'", "", "1.2 - -"},
		{"{min='1.2', other=1}", "", "- 1.2 -"},
		{"{max='1.3'}", "CARGO_A_VERSION_MIN=1.2", "- 1.2 1.3"},
		{"{}", "", "- - -"},
		{"1", "", file + "expected a string or table, but found a integer for `a.version` in DIR/home/config.toml"},
		{"true", "", file + "expected a string or table, but found a boolean for `a.version` in DIR/home/config.toml"},
		{"['1.2']", "", file + "expected a string or table, but found a array for `a.version` in DIR/home/config.toml"},
		{"{min=1}", "", file + "error in DIR/home/config.toml: `a.version.min` expected a string, but found a integer"},
		{"", "CARGO_A_VERSION=1.2", "1.2 - -"},
		{"", "CARGO_A_VERSION=0x10", "0x10 - -"},
		{"{min='1.2'}", "CARGO_A_VERSION=x", "x - -"},
		{"['x']", "CARGO_A_VERSION=y", file + "expected a string or table, but found a array for `a.version` in DIR/home/config.toml"},
		{"", "CARGO_A_VERSION_MIN=1.2", "expected a string or a table"},
	} {
		content := ""
		if test.value != "" {
			content = "a.version = " + test.value
		}
		w := newWorld(t, map[string]string{"home/config.toml": content})
		if test.environ != "" {
			w.environ = []string{test.environ}
		}
		var s settings
		err := w.load().Table("a", &s)
		shown := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		got := shown(s.Version.Only) + " " + shown(s.Version.Min) + " " + shown(s.Version.Max)
		if err != nil {
			got = layers(err)
		}
		if got = w.relative(got); got != test.want || len(w.messages) > 0 {
			t.Errorf("%s, %s:\n got %s\nwant %s\nsaid %v", test.value, test.environ, got, test.want, w.messages)
		}
	}
}

func TestRegistriesAreFoundByTheirIndex(t *testing.T) {
	w := newWorld(t, map[string]string{"home/config.toml": "registries.b.index = 'x'\nregistries.a.index = 'x'\nregistries.c.index = 'y'\nregistries.d.index = '?'\n"})
	w.environ = []string{"CARGO_REGISTRIES_C_D_INDEX=y", "CARGO_REGISTRIES_E_INDEX=?", "CARGO_REGISTRIES_INDEX=x"}
	c := w.load()
	names := func(wanted string, wrong error) string {
		names, err := c.RegistryNames(func(index string) (bool, error) {
			if index == "?" {
				return false, wrong
			}
			return index == wanted, nil
		})
		if err != nil {
			return err.Error()
		}
		return strings.Join(names, " ")
	}
	for _, test := range []struct {
		wanted string
		wrong  error
		want   string
	}{
		{"x", nil, "a b"},
		{"y", nil, "c_d"}, // the variable alone
		{"y", errors.New("no URL"), "c_d"},
		{"x", errors.New("no URL"), "no URL"},
		{"z", nil, ""},
	} {
		if got := names(test.wanted, test.wrong); got != test.want {
			t.Errorf("%s, %v: %q, want %q", test.wanted, test.wrong, got, test.want)
		}
	}
}

func TestASecondLookIsQuiet(t *testing.T) {
	w := newWorld(t, map[string]string{"home/credentials.toml": "[registries.a]\ntoken = 'old'\nx = 1\n"})
	c := w.load()
	if _, err := c.Registry("a"); err != nil || len(w.messages) != 1 {
		t.Fatal(err, w.messages)
	}
	// Another program changes the file.
	if err := os.WriteFile(filepath.Join(c.Home, "credentials.toml"), []byte("[registries.a]\ntoken = 'new'\ny = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := c.Quiet().Registry("a")
	if err != nil || r.Token.Val.Expose() != "new" || len(w.messages) != 1 {
		t.Errorf("the second look has %v, %v, and says %v", r, err, w.messages)
	}
}
