// Package credential asks credential providers for the token of a registry,
// and lets a program be one. It speaks Cargo's credential-provider protocol
// from both sides: [Process] runs a provider that somebody configured, and
// [Main] is all that the main function of a provider calls. [Chain] asks the
// providers that Cargo's configuration names, in Cargo's order.
//
// It stores tokens in no place of its own: the built-in provider cargo:token
// writes Cargo's credentials file through package config.
//
// A program that wants the token Cargo would send:
//
//	token, err := credential.Lookup(ctx, cfg, "my-registry", credential.Read)
//
// A program that is a provider:
//
//	func main() { credential.Main(store{}) }
package credential
