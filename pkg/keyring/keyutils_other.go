//go:build !linux

package keyring

func openKeyutils() (Store, error) { return nil, errUnknownBackend(Options{Backend: Keyutils}) }
