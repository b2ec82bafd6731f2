package config

import (
	"os"
	"path/filepath"
	"testing"
)

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
					t.Error("an empty notice")
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
