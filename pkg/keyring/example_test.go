package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// The main function of a provider that keeps tokens in the secret store.
func ExampleNew() {
	tell := func(m config.Message) { fmt.Fprintln(os.Stderr, m.Verb, m.Text) }
	credential.Main(keyring.New(keyring.Options{Environ: os.Environ(), MayPrompt: true, Notify: tell}))
}

// Storing a token where Cargo's own provider finds it.
func ExampleOpen() {
	ctx := context.Background()
	store, err := keyring.Open(ctx, keyring.Options{Environ: os.Environ()})
	if err != nil {
		log.Fatal(err)
	}
	err = store.Set(ctx, "sparse+https://registry.example/index/", "my-registry", config.NewSecret("t0ken"))
	switch {
	case errors.Is(err, keyring.ErrUnavailable):
		fmt.Println("there is no secret store here")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("stored in", store.Name())
	}
}
