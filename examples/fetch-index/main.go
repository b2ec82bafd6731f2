// Command fetch-index prints what a registry's sparse index says about a crate,
// one line for each version. It sends the token that Cargo would send, from the
// configured credential provider.
//
//	fetch-index CRATE [REGISTRY]
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
	"github.com/cargo-auth/cargo-auth/pkg/registry/index"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: fetch-index CRATE [REGISTRY]")
		os.Exit(2)
	}
	name := "" // the default registry
	if len(os.Args) == 3 {
		name = os.Args[2]
	}
	versions, err := fetch(ctx, os.Args[1], name)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Stdout.Write(versions)
}

func fetch(ctx context.Context, crate, name string) ([]byte, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	environ := os.Environ()
	home, err := config.HomeDir(dir, environ)
	if err != nil {
		return nil, err
	}
	warn := func(n config.Message) {
		if n.Kind == config.Warning {
			fmt.Fprintln(os.Stderr, "warning:", n.Text)
		}
	}
	cfg := config.New(config.Options{Dir: dir, Home: home, Environ: environ, Notify: warn})
	r, err := registry.Resolve(cfg, name)
	if err != nil {
		return nil, err
	}
	chain := &credential.Chain{
		Config: cfg,
		Stderr: os.Stderr,
		BuiltIn: map[string]credential.Provider{
			keyring.CargoProvider(): keyring.New(keyring.Options{Environ: environ, Required: true}),
		},
	}
	client := &index.Client{Config: cfg, Registry: r, UserAgent: "fetch-index/1.0", Token: chain.ForIndex(r)}
	return client.Crate(ctx, crate)
}
