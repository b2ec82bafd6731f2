//go:build unix && !linux

package test

import "github.com/rogpeppe/go-internal/testscript"

func startKeyring(ts *testscript.TestScript, _ []string) error {
	missing(world(ts).t, "GNOME Keyring")
	return nil
}

func keyringEnviron(t skipper) (environ []string, end func(), err error) {
	missing(t, "GNOME Keyring")
	return nil, nil, nil
}
