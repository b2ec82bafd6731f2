// Command cargo-credential-keyring is a credential provider for Cargo that
// keeps tokens in the operating system's secret store.
package main

import "github.com/cargo-auth/cargo-auth/pkg/credential"

func main() { credential.Main(provider{}) }
