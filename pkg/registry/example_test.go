package registry_test

import (
	"fmt"
	"log"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// The registry that a user means, and the configuration of its credentials.
func ExampleResolve() {
	// A program takes its own directory, home and environment.
	cfg := config.New(config.Options{Dir: "/", Home: "/nowhere", Environ: []string{
		"CARGO_REGISTRY_DEFAULT=company",
		"CARGO_REGISTRIES_COMPANY_INDEX=sparse+https://crates.company.example/index/",
		"CARGO_REGISTRIES_COMPANY_TOKEN=t0ken",
	}})
	r, err := registry.Resolve(cfg, "") // the default
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := registry.Credentials(cfg, r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Name(), r.Index())
	fmt.Println(credentials.Token.Val, "from", credentials.Token.Definition)
	// Output:
	// company sparse+https://crates.company.example/index/
	// REDACTED from environment variable `CARGO_REGISTRIES_COMPANY_TOKEN`
}

// Index URLs that Cargo takes for the same.
func ExampleRegistry_Canonical() {
	for _, index := range []string{"https://GitHub.com/Company/Index.git", "https://github.com/company/index/"} {
		r, err := registry.New("", index)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Canonical())
	}
	// Output:
	// https://github.com/company/index
	// https://github.com/company/index
}
