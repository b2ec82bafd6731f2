// Command env-token prints what a registry's sparse index says about a crate. It
// uses a short-lived token, such as a CI job gets:
//
//	get-token | env-token CRATE sparse+https://registry.example/index/
//
// The library sees only the environment that it is given. So the token is in no
// file, argument or process environment, and nothing that is configured in the
// job's own environment, project or home counts.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
	"github.com/cargo-auth/cargo-auth/pkg/registry/index"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: get-token | env-token CRATE INDEX-URL")
		os.Exit(2)
	}
	versions, err := fetch(ctx, os.Stdin, os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Stdout.Write(versions)
}

func fetch(ctx context.Context, in io.Reader, crate, indexURL string) ([]byte, error) {
	token, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	// A temporary home, where the index's config.json is cached, and the root as
	// the working directory: the library reads configuration there and above.
	home, err := os.MkdirTemp("", "env-token-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	dir, err := filepath.Abs("/")
	if err != nil {
		return nil, err
	}

	cfg := config.New(config.Options{Dir: dir, Home: home, Environ: []string{
		"CARGO_REGISTRIES_JOB_INDEX=" + indexURL,
		"CARGO_REGISTRIES_JOB_TOKEN=" + strings.TrimSpace(string(token)),
		// Cargo sends a token to an index only if a provider is configured.
		"CARGO_REGISTRIES_JOB_CREDENTIAL_PROVIDER=cargo:token",
	}})
	r, err := registry.Resolve(cfg, "job")
	if err != nil {
		return nil, err
	}
	chain := &credential.Chain{Config: cfg}
	client := &index.Client{Config: cfg, Registry: r, UserAgent: "env-token/1.0", Token: chain.ForIndex(r)}
	return client.Crate(ctx, crate)
}
