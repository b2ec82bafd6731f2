package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/cargo-auth/cargo-auth/cmd/internal/cli"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// completeRegistries has shells offer the configured registries for --registry.
func completeRegistries(c *cobra.Command) {
	complete(c, "registry", func() []string { return cli.CompleteRegistries(os.Environ(), "") })
}

// completeStores has shells offer the stores of this system for the flags that
// choose one.
func completeStores(c *cobra.Command) {
	stores := func(options func(store string) keyring.Options) func() []string {
		return func() (valid []string) {
			for _, store := range []string{keyring.SecretService, keyring.Keyutils} {
				if options(store).Validate() == nil {
					valid = append(valid, store)
				}
			}
			return valid
		}
	}
	complete(c, "backend", stores(func(store string) keyring.Options { return keyring.Options{Backend: store} }))
	complete(c, "fallback", stores(func(store string) keyring.Options { return keyring.Options{Fallback: store} }))
}

// complete has shells offer the values for a flag that the command has.
func complete(c *cobra.Command, flag string, values func() []string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
}
