package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// world is a directory tree with a working directory and a home.
type world struct {
	t        *testing.T
	dir      string
	environ  []string
	args     []string
	messages []Message
}

// newWorld writes files, whose names are relative to the tree: "home/…" is
// Cargo's home and "work/sub" the working directory.
func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	for _, dir := range []string{"home", "work/sub"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		path := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) new() *Config {
	return New(Options{
		Dir:     filepath.Join(w.dir, "work/sub"),
		Home:    filepath.Join(w.dir, "home"),
		Environ: w.environ,
		Notify:  func(n Message) { w.messages = append(w.messages, n) },
	})
}

func (w *world) load() *Config {
	w.t.Helper()
	c := w.new()
	if len(w.args) > 0 {
		if err := c.Load(w.args...); err != nil {
			w.t.Fatal(err)
		}
	}
	return c
}

// relative shows text with the tree's directory as DIR, and paths with slashes.
func (w *world) relative(text string) string {
	return filepath.ToSlash(strings.ReplaceAll(text, w.dir, "DIR"))
}

func TestStringTakesTheHighestPriority(t *testing.T) {
	files := map[string]string{
		"work/sub/.cargo/config.toml": "[registry]\ndefault = 'nearest'\n",
		"work/.cargo/config.toml":     "[registry]\ndefault = 'above'\nother = 'above'\n",
		"home/config.toml":            "[registry]\ndefault = 'home'\nother = 'home'\nlast = 'home'\n",
	}
	for _, test := range []struct {
		name, key  string
		environ    []string
		args       []string
		want, from string
	}{
		{"nearest file", "registry.default", nil, nil, "nearest", "DIR/work/sub/.cargo/config.toml"},
		{"file above", "registry.other", nil, nil, "above", "DIR/work/.cargo/config.toml"},
		{"home", "registry.last", nil, nil, "home", "DIR/home/config.toml"},
		{"environment over files", "registry.default", []string{"CARGO_REGISTRY_DEFAULT=env"}, nil, "env", "environment variable `CARGO_REGISTRY_DEFAULT`"},
		{"--config over environment", "registry.default", []string{"CARGO_REGISTRY_DEFAULT=env"}, []string{"registry.default='arg'"}, "arg", "--config cli option"},
		{"last --config", "registry.default", nil, []string{"registry.default='a'", "registry.default='b'"}, "b", "--config cli option"},
		{"environment alone", "registry.new", []string{"CARGO_REGISTRY_NEW="}, nil, "", "environment variable `CARGO_REGISTRY_NEW`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, files)
			w.environ, w.args = test.environ, test.args
			got, err := w.load().String(test.key)
			if err != nil || got == nil {
				t.Fatalf("String(%q) = %v, %v", test.key, got, err)
			}
			if from := w.relative(got.Definition.String()); got.Val != test.want || from != test.from {
				t.Errorf("String(%q) = %q from %s, want %q from %s", test.key, got.Val, from, test.want, test.from)
			}
		})
	}
}

func TestListsAreJoined(t *testing.T) {
	w := newWorld(t, map[string]string{
		"work/.cargo/config.toml": "[registry]\nglobal-credential-providers = ['near']\ncredential-provider = ['near', 'x']\n",
		"home/config.toml":        "[registry]\nglobal-credential-providers = ['home x']\ncredential-provider = ['home', 'y']\n",
	})
	w.environ = []string{"CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=env1 env2"}
	w.args = []string{"registry.global-credential-providers=['bin/arg y']"}
	c := w.load()

	programs, err := c.Programs("registry.global-credential-providers")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range programs {
		got = append(got, strings.Join(append([]string{w.relative(p.Path)}, p.Args...), " "))
	}
	if want := []string{"home x", "near", "env1", "env2", "DIR/work/sub/bin/arg y"}; !slices.Equal(got, want) {
		t.Errorf("Programs = %q, want %q", got, want)
	}

	program, err := c.Program("registry.credential-provider")
	if err != nil {
		t.Fatal(err)
	}
	if program.Name != "near" || !slices.Equal(program.Args, []string{"x"}) {
		t.Errorf("Program = %q %q, want that of the nearest file alone", program.Name, program.Args)
	}
}

func TestIncludedFilesComeBelow(t *testing.T) {
	w := newWorld(t, map[string]string{
		"home/config.toml": "include = ['a.toml', {path = 'b.toml'}, {path = 'none.toml', optional = true}]\n[registry]\ndefault = 'main'\n",
		"home/a.toml":      "[registry]\ndefault = 'a'\nx = 'a'\ny = 'a'\n",
		"home/b.toml":      "[registry]\nx = 'b'\n",
	})
	c := w.load()
	for key, want := range map[string]string{"registry.default": "main", "registry.x": "b", "registry.y": "a"} {
		got, err := c.String(key)
		if err != nil || got.Val != want {
			t.Errorf("String(%q) = %v, %v, want %q", key, got, err, want)
		}
	}
}

func TestCredentialsLieOverEverythingButTheEnvironment(t *testing.T) {
	w := newWorld(t, map[string]string{
		"home/config.toml":      "[registries.a]\nindex = 'sparse+https://a/'\ntoken = 'config'\n[registries.b]\ntoken = 'config'\n",
		"home/credentials.toml": "[registries.a]\ntoken = 'credentials'\n",
	})
	w.environ = []string{"CARGO_REGISTRIES_B_TOKEN=env"}
	c := w.load()
	for name, want := range map[string]string{"a": "credentials", "b": "env"} {
		r, err := c.Registry(name)
		if err != nil || r == nil || r.Token == nil {
			t.Fatalf("Registry(%q) = %v, %v", name, r, err)
		}
		if got := r.Token.Val.Expose(); got != want {
			t.Errorf("token of %s = %q, want %q", name, got, want)
		}
	}
	if r, err := c.Registry("c"); r != nil || err != nil {
		t.Errorf("Registry(c) = %v, %v, want nothing", r, err)
	}
}

func TestAnOldTokenAtTheRootIsCratesIOs(t *testing.T) {
	w := newWorld(t, map[string]string{"home/credentials": "token = 'old'\n"})
	r, err := w.load().Registry("")
	if err != nil || r == nil || r.Token == nil || r.Token.Val.Expose() != "old" {
		t.Fatalf("Registry of crates.io = %v, %v, want the token", r, err)
	}
	w = newWorld(t, map[string]string{"home/credentials.toml": "token = 'old'\n[registry]\n"})
	r, err = w.load().Registry("")
	if err != nil || r == nil || r.Token != nil {
		t.Fatalf("Registry of crates.io = %v, %v, want no token next to a [registry] table", r, err)
	}
}

func TestUnreadableFilesAnswerErrorsIs(t *testing.T) {
	w := newWorld(t, map[string]string{"home/config.toml": "include = ['none.toml']\n"})
	_, err := w.new().String("x")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("errors.Is(%v, fs.ErrNotExist) is false", err)
	}
}

func TestLoadShowsNoToken(t *testing.T) {
	for arg, want := range map[string]string{
		"registry.token=s3cr3t":                       "registry.token=REDACTED",
		"token s3cr3t":                                "REDACTED",
		"token s3cr3t = 1":                            "REDACTED",
		"registries.a.tokn=s3cr3ts3cr3ts3cr3ts3":      "registries.a.tokn=REDACTED",
		"s3cr3ts3cr3ts3cr3ts3cr3t==":                  "REDACTED",
		"registries={x={token='s3cr3t'}}":             "registries=REDACTED",
		"a.b=word":                                    "a.b=word",
		"net.retry=sparse+https://a.example/path":     "net.retry=sparse+https://a.example/path",
		"a-configuration-file-that-is-not-there.toml": "a-configuration-file-that-is-not-there.toml",
	} {
		err := newWorld(t, nil).new().Load(arg)
		if err == nil || !strings.Contains(err.Error(), "--config argument `"+want+"`") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("Load(%q) = %v, want it to show %s", arg, err, want)
		}
	}
}

func TestRegistriesTakeTheEnvironmentIn(t *testing.T) {
	w := newWorld(t, map[string]string{"home/config.toml": "registries.b-c.index = 'file'\nregistries.z.index = 'file'\n"})
	w.environ = []string{"CARGO_REGISTRIES_B_C_INDEX=env", "CARGO_REGISTRIES_A_INDEX=env", "CARGO_REGISTRIES_Z_INDEX=env", "CARGO_REGISTRIES_Z_TOKEN=t", "CARGO_REGISTRIES_INDEX=env"}
	w.args = []string{"registries.z.index='arg'"}
	registries, err := w.load().Registries()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range slices.Sorted(maps.Keys(registries)) {
		index := registries[name]
		got = append(got, name+"="+index.Val+" from "+w.relative(index.Definition.String()))
	}
	want := []string{
		"a=env from environment variable `CARGO_REGISTRIES_A_INDEX`",
		"b-c=env from environment variable `CARGO_REGISTRIES_B_C_INDEX`",
		"z=arg from --config cli option",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Registries = %q, want %q", got, want)
	}
}

func TestOfSeveralVariablesTheLastOneCounts(t *testing.T) {
	environ := []string{"A=1", "CARGO_HOME=/first", "A", "=A=3", "A=2", "CARGO_HOME=/last", "CARGO_REGISTRY_DEFAULT=first", "CARGO_REGISTRY_DEFAULT=last"}
	if value, ok := system.LookupEnv(environ, "A"); value != "2" || !ok {
		t.Errorf("A = %q, %v", value, ok)
	}
	if value, ok := system.LookupEnv(environ, "B"); value != "" || ok {
		t.Errorf("B = %q, %v, want nothing", value, ok)
	}
	if home, err := HomeDir("/", environ); err != nil || filepath.ToSlash(home) != "/last" {
		t.Errorf("the home is %q, %v", home, err)
	}
	w := newWorld(t, nil)
	w.environ = environ
	if value, err := w.new().String("registry.default"); err != nil || value == nil || value.Val != "last" {
		t.Errorf("registry.default = %v, %v", value, err)
	}
}

func TestHomeDir(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the variables and paths are those of Unix")
	}
	for _, test := range []struct {
		environ []string
		want    string
	}{
		{[]string{"HOME=/h"}, "/h/.cargo"},
		{[]string{"HOME=/h", "CARGO_HOME="}, "/h/.cargo"},
		{[]string{"HOME=/h", "CARGO_HOME=/c"}, "/c"},
		{[]string{"HOME=/h", "CARGO_HOME=c/../d"}, "/work/d"},
	} {
		if got, err := HomeDir("/work", test.environ); got != test.want || err != nil {
			t.Errorf("HomeDir(%q) = %q, %v, want %q", test.environ, got, err, test.want)
		}
	}
}

// No way to print a value shows a secret in it.
func TestSecretsAreNotShown(t *testing.T) {
	const token = "hunter2-hunter2"
	type deep struct{ held *Secret }
	type holder struct {
		Token, token Secret
		List, list   []Secret
		Map, byName  map[string]any
		Deep, deep   deep
	}
	s := NewSecret(token)
	h := holder{
		s, s,
		[]Secret{s},
		[]Secret{s},
		map[string]any{"a": s, "b": &s},
		map[string]any{"a": s, "b": &s},
		deep{&s},
		deep{&s},
	}
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "secret", s, "pointer", &s, "holder", h, "error", fmt.Errorf("%v %w", h, fmt.Errorf("%+v", s)))
	}
	marshalled, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"slog": log.String(), "json": string(marshalled), "reflect": dump(reflect.ValueOf(h), 0)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown[verb] = fmt.Sprintf(verb+verb+verb+verb, s, &s, h, &h)
	}
	for way, text := range shown {
		for _, spelling := range []string{token, fmt.Sprintf("%x", token), fmt.Sprintf("%d", []byte(token))} {
			if strings.Contains(text, strings.Trim(spelling, "[]")) {
				t.Errorf("%s shows the secret: %s", way, text)
			}
		}
	}
	if s.Expose() != token || s != NewSecret(token) || s == NewSecret("other") || NewSecret("") != (Secret{}) || (Secret{}).Expose() != "" {
		t.Error("a secret is not what it was made of")
	}
	for _, direct := range []string{fmt.Sprint(s), fmt.Sprintf("%q %#v", s, s)[9:]} {
		if direct != "REDACTED" {
			t.Errorf("a secret shows as %q", direct)
		}
	}
}

// A value with the environment or the text of a file shows neither.
func TestConfigurationShowsNoToken(t *testing.T) {
	const token = "hunter2-hunter2"
	home, _ := credentialsHome(t, "[registries.pub]\ntoken = \""+token+"\"\n")
	c := New(Options{Dir: home, Home: home, Environ: []string{"CARGO_REGISTRY_TOKEN=" + token}})
	file := &File{"", &document{path: home}}
	if err := file.parse([]byte("token = \"" + token + "\"")); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []any{c, *c, c.Options, file, *file, struct{ C *Config }{c}, map[string]any{"": *c}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, shown)
			for _, spelling := range []string{token, fmt.Sprintf("%x", token), fmt.Sprintf("%d", []byte(token)), fmt.Sprintf("%#v", []byte(token))} {
				if strings.Contains(text, strings.Trim(strings.TrimPrefix(spelling, "[]byte"), "[]{}")) {
					t.Errorf("%s of %T shows the token: %s", verb, shown, text)
				}
			}
			if !strings.Contains(text, home) {
				t.Errorf("%s of %T does not say where it comes from: %s", verb, shown, text)
			}
		}
	}
}

// dump shows everything that reflection reaches, also through pointers and unexported
// fields.
func dump(v reflect.Value, depth int) string {
	if depth > 12 {
		return "…"
	}
	var b strings.Builder
	switch v.Kind() {
	case reflect.String:
		b.WriteString(v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			b.WriteString(dump(v.Elem(), depth+1))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			b.WriteString(dump(v.Field(i), depth+1) + " ")
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			b.WriteString(dump(v.Index(i), depth+1) + " ")
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			b.WriteString(dump(key, depth+1) + dump(v.MapIndex(key), depth+1) + " ")
		}
	}
	return b.String()
}

// FuzzLoad feeds files, an environment variable and a --config value to the
// loader: it never panics, and every answer has a definition.
func FuzzLoad(f *testing.F) {
	for _, seed := range [][5]string{
		{"[registry]\ndefault = 'a'\n", "include = ['more.toml']\n", "[registries.a]\nindex = 'sparse+https://a/'\n", "b", "registry.default='c'"},
		{"registry = 1\n", "[registry]\n", "include = ['config.toml']\n", "", "a.b=[1]"},
		{"registries.a.credential-provider = ['x', 'y']\n", "registries.a.credential-provider = 'z w'\n", "token = 't'\n", "true", "term.verbose=true"},
		{"[[a]]\nb=1\n", "a = {b = 1}\n", "\xff", "1", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, near, home, more, variable, arg string) {
		dir := t.TempDir()
		for name, content := range map[string]string{
			"work/.cargo/config.toml": near,
			"home/config.toml":        home,
			"home/more.toml":          more,
			"home/credentials.toml":   more,
		} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := New(Options{
			Dir:  filepath.Join(dir, "work"),
			Home: filepath.Join(dir, "home"),
			Environ: []string{
				"CARGO_REGISTRY_DEFAULT=" + variable, "CARGO_NET_RETRY=" + variable, "CARGO_TERM_QUIET=" + variable,
				"CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=" + variable, "cargo_registry_token=" + variable,
			},
			Notify: func(n Message) {
				if n.Text == "" {
					t.Error("an empty message")
				}
			},
		})
		if err := c.Load(arg); err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
		located := func(d Definition) {
			if d == (Definition{}) {
				t.Errorf("an answer without a definition: %v", d)
			}
		}
		if v, err := c.String("registry.default"); err == nil && v != nil {
			located(v.Definition)
		}
		if v, err := c.integer(parseKey("net.retry")); err == nil && v != nil {
			located(v.Definition)
		}
		if values, err := c.Programs("registry.global-credential-providers"); err == nil {
			for _, v := range values {
				located(v.Definition)
			}
		}
		for _, name := range []string{"", "a"} {
			r, err := c.Registry(name)
			if err != nil || r == nil {
				continue
			}
			if r.Token != nil {
				located(r.Token.Definition)
			}
			if r.CredentialProvider != nil {
				located(r.CredentialProvider.Definition)
			}
		}
		c.Registries()
		c.RegistryNames(func(index string) (bool, error) { return index != "", nil })
		for _, key := range []string{"registry", "registries.a", "a", "term"} {
			var table struct {
				A *string        `toml:"default"`
				B *uint          `toml:"b"`
				C *Value[string] `toml:"index"`
				D *Program       `toml:"credential-provider"`
				E struct {
					Text *string `toml:"."`
					Bool *bool   `toml:"verbose"`
				} `toml:"verbose"`
			}
			c.Table(key, &table)
			var tables map[string]struct{}
			c.Table(key, &tables)
		}
	})
}

func BenchmarkLoad5000Registries(b *testing.B) {
	var file strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "[registries.registry-%d]\nindex = \"sparse+https://registry-%d.example/index/\"\n\n", i, i)
	}
	document := []byte(file.String())
	for b.Loop() {
		if _, err := parseTOML(document, &Definition{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoginBeside50000Registries(b *testing.B) {
	var content strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&content, "[registries.registry-%d]\ntoken = \"token-%d\"\n\n", i, i)
	}
	for b.Loop() {
		f := &credentialsFile{document: document{path: "credentials.toml"}}
		if err := f.parse([]byte(content.String())); err != nil {
			b.Fatal(err)
		}
		if err := setToken("registry-25000", "new")(f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAndLookUp reads the files and looks up one registry, as a run of a
// program does.
func BenchmarkReadAndLookUp(b *testing.B) {
	home := b.TempDir()
	var file strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "[registries.registry-%d]\nindex = \"sparse+https://registry-%d.example/index/\"\n\n", i, i)
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(file.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := New(Options{Dir: home, Home: home})
		if r, err := c.Registry("registry-4999"); err != nil || r == nil {
			b.Fatal(r, err)
		}
	}
}
