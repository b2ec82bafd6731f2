module github.com/cargo-auth/cargo-auth/cmd

go 1.26.0

require (
	github.com/cargo-auth/cargo-auth/pkg v0.1.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.1.0
	golang.org/x/term v0.47.0
)
