package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// storeOptions are what a provider's arguments in the configuration say.
func storeOptions(args []string) (keyring.Options, error) {
	environ := os.Environ()
	options := keyring.Options{Environ: environ, CanPrompt: func() bool { return keyring.CanPrompt(environ) }}
	flags := pflag.NewFlagSet(programName, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	storeFlags(flags, &options)
	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument `%s`", flags.Arg(0))
	default:
		err = options.Validate()
	}
	if err != nil {
		return options, fmt.Errorf("cannot understand the arguments that are configured for this provider: %w", err)
	}
	return options, nil
}

// storeFlags are the flags that choose a store.
func storeFlags(flags *pflag.FlagSet, o *keyring.Options) {
	flags.StringVar(&o.Backend, "backend", "", "The secret `STORE` to use: secret-service or keyutils; the system's own by default")
	flags.StringVar(&o.Fallback, "fallback", "", "The secret `STORE` to use where the system's own is not available: keyutils")
	flags.DurationVar(&o.UnlockTimeout, "unlock-timeout", time.Minute, "The `TIME` that a person has to unlock the store")
}

// isOurs reports whether a configured program is this one, wherever it is
// installed.
func isOurs(program string) bool {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == programName
}

// storeOf returns the options with which a configured provider opens the secret
// store; nil if it is neither this program nor Cargo's provider for the store.
func storeOf(p credential.Configured) (*keyring.Options, error) {
	var args []string // Cargo's provider takes none
	switch {
	case isOurs(p.Name):
		args = p.Args
	case p.Name == "" || p.Name != keyring.CargoProvider:
		return nil, nil
	}
	options, err := storeOptions(args)
	return &options, err
}
