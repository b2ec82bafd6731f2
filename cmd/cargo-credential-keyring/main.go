// Command cargo-credential-keyring is a credential provider for Cargo that
// keeps tokens in the operating system's secret store.
//
// It does not store anything yet: it answers the protocol's greeting and says
// that it does not serve the registry, so that Cargo asks the next provider.
package main

import (
	"context"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

func main() {
	credential.Main(provider{})
}

type provider struct{}

func (provider) Get(context.Context, *credential.Request, credential.Operation) (*credential.Token, error) {
	return nil, credential.ErrURLNotSupported
}

func (provider) Login(context.Context, *credential.Request, credential.LoginOptions) error {
	return credential.ErrURLNotSupported
}

func (provider) Logout(context.Context, *credential.Request) error {
	return credential.ErrURLNotSupported
}
