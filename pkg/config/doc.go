// Package config reads Cargo's configuration as Cargo does: the files from a
// directory upward and in Cargo's home, with what they include; the
// environment; --config values; and the credentials file. It also writes the
// credentials file, see [CredentialsFile]. It is no general TOML reader, and it
// knows only those tables that have to do with registries.
//
// Most callers write
//
//	cfg, err := config.Load(config.Options{Dir: dir, Home: home, Environ: os.Environ()})
//	name, err := cfg.String("registry.default")
//
// The package reads nothing of the process behind the caller's back and prints
// nothing: warnings go to [Options].Notify.
//
// Every value comes with its [Definition], the place that defines it. The
// error messages are Cargo's; each layer wraps the one below. Where Cargo
// defines the behaviour: the chapter "Configuration" of the Cargo book.
package config
