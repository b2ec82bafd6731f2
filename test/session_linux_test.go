package test

import (
	"errors"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cargo-auth/cargo-auth/test/secretservice"
)

const password = "the keyring's password"

// startSession returns a session whose keyring is unlocked.
func startSession(t skipper) (session *secretservice.Session, end func(), err error) {
	if program := secretservice.Missing(); program != "" {
		missing(t, program)
	}
	dir, err := os.MkdirTemp("", "desktop")
	if err != nil {
		return nil, nil, err
	}
	if session, err = secretservice.Start(dir); err != nil {
		return nil, nil, err
	}
	end = func() { session.Close(); os.RemoveAll(dir) }
	if err := session.StartKeyring(password); err != nil {
		end()
		return nil, nil, err
	}
	return session, end, nil
}

// keyringEnviron starts a keyring, and returns the variables by which a program
// finds it.
func keyringEnviron(t skipper) (environ []string, end func(), err error) {
	session, end, err := startSession(t)
	if err != nil {
		return nil, nil, err
	}
	for _, variable := range session.Environ {
		if name, _, _ := strings.Cut(variable, "="); name == "DBUS_SESSION_BUS_ADDRESS" || name == "XDG_RUNTIME_DIR" {
			environ = append(environ, variable)
		}
	}
	return environ, end, nil
}

func startKeyring(ts *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return errors.New("keyring takes no arguments")
	}
	environ, end, err := keyringEnviron(world(ts).t)
	if err != nil {
		return err
	}
	ts.Defer(end)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		ts.Setenv(name, value)
	}
	return nil
}
