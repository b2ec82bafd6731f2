module github.com/cargo-auth/cargo-auth

go 1.26.0

require (
	aidanwoods.dev/go-paseto v1.6.0
	github.com/godbus/dbus/v5 v5.2.2
	github.com/nlnwa/whatwg-url v0.6.2
	github.com/pelletier/go-toml/v2 v2.4.3
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.1.0
	github.com/zalando/go-keyring v0.2.8
	golang.org/x/sys v0.49.0
	golang.org/x/term v0.47.0
)

require (
	aidanwoods.dev/go-result v0.3.1 // indirect
	github.com/bits-and-blooms/bitset v1.20.0 // indirect
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
