package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// provider is the credential provider: the store that a request's arguments
// choose.
type provider struct{}

func (provider) Get(ctx context.Context, req *credential.Request, op credential.Operation) (*credential.Token, error) {
	p, err := open(req.Args)
	if err != nil {
		return nil, err
	}
	return p.Get(ctx, req, op)
}

func (provider) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	p, err := open(req.Args)
	if err != nil {
		return err
	}
	return p.Login(ctx, req, login)
}

func (provider) Logout(ctx context.Context, req *credential.Request) error {
	p, err := open(req.Args)
	if err != nil {
		return err
	}
	return p.Logout(ctx, req)
}

// open returns the provider that the arguments ask for.
func open(args []string) (*keyring.Provider, error) {
	options, err := storeOptions(args)
	if err != nil {
		return nil, err
	}
	options.CanPrompt = canPrompt
	return &keyring.Provider{Options: options, Notify: keyring.Print(os.Stderr)}, nil
}

func canPrompt() bool { return keyring.CanPrompt(os.Environ()) }

// storeOptions are what a provider's arguments in the configuration say.
func storeOptions(args []string) (keyring.Options, error) {
	options := keyring.Options{Environ: os.Environ()}
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
	switch {
	case isOurs(p.Name):
		options, err := storeOptions(p.Args)
		return &options, err
	case keyring.CargoProvider != "" && p.Name == keyring.CargoProvider:
		return &keyring.Options{Environ: os.Environ()}, nil
	}
	return nil, nil
}
