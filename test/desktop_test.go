//go:build linux

// A desktop session with a secret store, for the tests of the keyring.

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// desktop is a session with a registry and a Cargo home. Its configuration names a
// provider for the registry pub.
type desktop struct {
	*secretservice.Session
	t        *testing.T
	registry *stubregistry.Server
	home     string
}

// newDesktop returns a desktop whose keyring is unlocked.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	session, end, err := startSession(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	d := &desktop{Session: session, t: t, home: t.TempDir()}
	if d.registry, err = stubregistry.Start([]stubregistry.Rule{
		{Path: "/pub/api/v1/crates/hello/1.0.0/yank", Status: 200, Body: `{"ok":true}`},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.registry.Close() })
	return d
}

// start starts the daemon and waits until it answers.
func (d *desktop) start(password string) {
	d.t.Helper()
	if err := d.StartKeyring(password); err != nil {
		d.t.Fatal(err)
	}
}

// store opens the Secret Service with the library.
func (d *desktop) store() keyring.Store {
	d.t.Helper()
	store, err := d.Store()
	if err != nil {
		d.t.Fatal(err)
	}
	return store
}

func (d *desktop) index() string { return d.registry.Index("pub") }

// provider configures the registry's provider.
func (d *desktop) provider(words ...string) {
	d.t.Helper()
	text := fmt.Sprintf("[registries.pub]\nindex = %q\ncredential-provider = [%s]\n", d.index(), `"`+strings.Join(words, `", "`)+`"`)
	if err := os.WriteFile(filepath.Join(d.home, "config.toml"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// run runs a program in the session and returns its output.
func (d *desktop) run(stdin, program string, args ...string) (string, error) {
	cmd := command(d.t, program, args...)
	cmd.Dir = d.home
	cmd.Env = append(slices.Clone(d.Environ), "CARGO_HOME="+d.home)
	cmd.Stdin = strings.NewReader(stdin)
	// The program has no terminal, even if the test has one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *desktop) must(stdin, program string, args ...string) string {
	d.t.Helper()
	out, err := d.run(stdin, program, args...)
	if err != nil {
		d.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

// holds checks that the store has exactly one entry, in libsecret's form, with the
// token; or none, if the token is empty.
func (d *desktop) holds(token string) {
	d.t.Helper()
	want := "label = cargo-registry:pub\nsecret = " + token + "\nschema = org.rust-lang.cargo.registry\nattribute.url = " + d.index() + "\n"
	if token == "" {
		want = ""
	}
	if got, err := d.Entries(); got != want {
		d.t.Errorf("secret-tool finds\n%s(%v), want\n%s", got, err, want)
	}
}

// lock restarts the daemon with its collection locked.
func (d *desktop) lock() {
	d.t.Helper()
	if err := d.StopKeyring(); err != nil {
		d.t.Fatal(err)
	}
	d.start("")
}

// prompter adds a person to the session until the test ends or end is called.
func (d *desktop) prompter(answer secretservice.Answer) (end func()) {
	d.t.Helper()
	leave, err := d.Prompter(answer)
	if err != nil {
		d.t.Fatal(err)
	}
	end = func() { _ = leave() }
	d.t.Cleanup(end)
	return end
}

const password = "the keyring's password"

// startSession starts a session whose keyring is unlocked.
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

// keyringEnviron starts a keyring, and returns the variables that tell a program
// where it is.
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
