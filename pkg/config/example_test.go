package config_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// home writes a configuration for the examples. A program has one already and
// finds it with config.HomeDir(dir, os.Environ()).
func home() string {
	dir, err := os.MkdirTemp("", "cargo-home-")
	if err != nil {
		log.Fatal(err)
	}
	file := `
[registry]
default = "company"

[registries.company]
index = "sparse+https://crates.company.example/index/"

[registries.partner]
index = "sparse+https://partner.example/index/"
`
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(file), 0o600); err != nil {
		log.Fatal(err)
	}
	return dir
}

// The default registry, with the place that says so.
func Example() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{Dir: home, Home: home})
	name, err := cfg.String("registry.default")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name.Val, "from", filepath.Base(name.Definition.String()))
	// Output: company from config.toml
}

// All registries, wherever they are configured.
func ExampleConfig_Registries() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{
		Dir:     home,
		Home:    home,
		Environ: []string{"CARGO_REGISTRIES_STAGING_INDEX=sparse+https://staging.example/"},
	})
	registries, err := cfg.Registries()
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(registries)) {
		index := registries[name]
		fmt.Println(name, index.Val, "from", filepath.Base(index.Definition.String()))
	}
	// Output:
	// company sparse+https://crates.company.example/index/ from config.toml
	// partner sparse+https://partner.example/index/ from config.toml
	// staging sparse+https://staging.example/ from environment variable `CARGO_REGISTRIES_STAGING_INDEX`
}

// One setting that an environment variable overrides.
func ExampleConfig_String() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{
		Dir:     home,
		Home:    home,
		Environ: []string{"CARGO_REGISTRIES_COMPANY_INDEX=sparse+https://mirror.example/"},
	})
	index, err := cfg.String("registries.company.index")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(index.Val, "from", index.Definition)
	// Output: sparse+https://mirror.example/ from environment variable `CARGO_REGISTRIES_COMPANY_INDEX`
}

// A table that this package knows nothing about.
func ExampleConfig_Table() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{Dir: home, Home: home, Environ: []string{"CARGO_HTTP_TIMEOUT=5"}})
	var http struct {
		Timeout *uint64               `toml:"timeout"`
		CAInfo  *config.Value[string] `toml:"cainfo"`
	}
	if err := cfg.Table("http", &http); err != nil {
		log.Fatal(err)
	}
	fmt.Println(*http.Timeout, http.CAInfo == nil)
	// Output: 5 true
}

// A token goes into the credentials file.
func ExampleConfig_SetToken() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{Dir: home, Home: home})
	file, err := cfg.SetToken(context.Background(), "company", config.NewSecret("s3cret"))
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output:
	// [registries.company]
	// token = "s3cret"
}

// A registry gets a credential provider.
func ExampleConfig_Edit() {
	home := home()
	defer os.RemoveAll(home)

	cfg := config.New(config.Options{Dir: home, Home: home})
	_, err := cfg.Edit(context.Background(), func(f *config.File) error {
		return f.Set(config.Key{"registries", "partner", "credential-provider"}, "cargo:token")
	})
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(home, "config.toml"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output:
	// [registry]
	// default = "company"
	//
	// [registries.company]
	// index = "sparse+https://crates.company.example/index/"
	//
	// [registries.partner]
	// index = "sparse+https://partner.example/index/"
	// credential-provider = "cargo:token"
}
