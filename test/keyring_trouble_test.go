//go:build linux

// A secret store that is locked, slow, stopped or not there never makes a login or
// a logout lie about the token.

package test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
)

func TestLockedKeyring(t *testing.T) {
	d := newDesktop(t)
	if err := d.store().Set(t.Context(), d.index(), "pub", config.NewSecret("kept")); err != nil {
		t.Fatal(err)
	}
	d.lock()
	if locked, err := d.store().Locked(t.Context()); !locked || err != nil {
		t.Fatalf("the keyring is locked: %v, %v", locked, err)
	}
	d.provider(ours(t, "cargo-credential-keyring"))
	begin := time.Now()
	for _, run := range [][]string{{"cargo-login", "new\n"}, {"cargo-logout", ""}} {
		out, err := d.run(run[1], ours(t, run[0]), "--registry", "pub")
		if err == nil || !strings.Contains(out, "the keyring is locked, and there is no display or terminal to ask for its password") {
			t.Errorf("%s says %v: %s", run[0], err, out)
		}
	}
	// There is a display, but no program that asks on it: the prompt counts as
	// dismissed, or times out.
	environ := append(slices.Clone(d.Environ), "DISPLAY=:none")
	store, err := keyring.Open(t.Context(), keyring.Options{Environ: environ, MayPrompt: true, UnlockTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = store.Get(t.Context(), d.index()); err == nil || errors.Is(err, keyring.ErrUnavailable) || errors.Is(err, credential.ErrNotFound) {
		t.Errorf("a prompt without an answer gets the error %v", err)
	} else {
		t.Log(err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := d.StopKeyring(); err != nil {
		t.Fatal(err)
	}
	d.start(password)
	d.holds("kept")
}

func TestAPersonUnlocksTheKeyring(t *testing.T) {
	d := newDesktop(t)
	d.Environ = append(d.Environ, "DISPLAY=:none")
	d.provider(ours(t, "cargo-credential-keyring"))
	d.must("kept\n", ours(t, "cargo-login"), "--registry", "pub")
	d.lock()
	prompts := 0
	dismiss := d.prompter(secretservice.Answer{Before: func() { prompts++ }})
	for _, run := range [][]string{{"cargo-login", "new\n"}, {"cargo-logout", ""}} {
		out, err := d.run(run[1], ours(t, run[0]), "--registry", "pub")
		if err == nil || !strings.Contains(out, "the keyring stays locked: the prompt was dismissed") {
			t.Errorf("%s after a dismissed prompt says %v: %s", run[0], err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(d.home, "credentials.toml")); err == nil {
		t.Error("a dismissed prompt led to a file of tokens")
	}
	dismiss()
	if prompts != 2 {
		t.Errorf("there were %d prompts, want 2", prompts)
	}

	leave := d.prompter(secretservice.Answer{Absent: true})
	d.provider(ours(t, "cargo-credential-keyring"), "--unlock-timeout", "100ms")
	out, err := d.run("", ours(t, "cargo-logout"), "--registry", "pub")
	if err == nil || !strings.Contains(out, "the keyring's prompt was not answered within 100ms") {
		t.Errorf("with a person who does not answer, the logout says %v: %s", err, out)
	}
	leave()
	d.provider(ours(t, "cargo-credential-keyring"))

	d.prompter(secretservice.Answer{Password: password})
	d.must("new\n", ours(t, "cargo-login"), "--registry", "pub")
	d.holds("new")
	d.lock()
	d.must("", ours(t, "cargo-logout"), "--registry", "pub")
	d.holds("")
}

// stores configures providers for all registries. They are asked before
// cargo:token.
func (d *desktop) stores(names ...string) {
	d.t.Helper()
	text := fmt.Sprintf("[registries.pub]\nindex = %q\n[registry]\nglobal-credential-providers = %q\n",
		d.index(), append([]string{"cargo:token"}, names...))
	text = strings.ReplaceAll(text, `" "`, `", "`)
	if err := os.WriteFile(filepath.Join(d.home, "config.toml"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// Without a store the next provider is asked, and the login says that the token is
// saved in plain text.
//
// differs: plain-text-told
func TestKeyringThatIsNotThere(t *testing.T) {
	d := newDesktop(t)
	session := d.Environ
	d.stores(ours(t, "cargo-credential-keyring"))
	for _, test := range []struct {
		about, want string
		before      func() error
	}{
		{"no service", "no Secret Service runs in this session", d.StopKeyring},
		{"no bus", "cannot connect to the session's D-Bus", d.StopBus},
		{"no address", "there is no D-Bus session", func() error {
			d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS=")
			return nil
		}},
		{"an address that means none", "cannot connect to the session's D-Bus (disabled:)", func() error {
			d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS=disabled:")
			return nil
		}},
		{"an address without a bus", "cannot connect to the session's D-Bus (unix:path=/missing;/dev/null)", func() error {
			d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS=unix:path=/missing;/dev/null")
			return nil
		}},
	} {
		if err := test.before(); err != nil {
			t.Fatal(err)
		}
		out, err := d.run("t\n", ours(t, "cargo-login"), "--registry", "pub")
		saved := "       Login token for `pub` saved in plain text in " + filepath.Join(d.home, "credentials.toml") + "\n"
		if err != nil || !strings.Contains(out, test.want) || !strings.HasSuffix(out, saved) {
			t.Errorf("%s: %v: %s, want %q and a login to the file", test.about, err, out, test.want)
		}
		if n := strings.Count(out, "warning:"); n != 1 {
			t.Errorf("%s: %d warnings: %s", test.about, n, out)
		}
		// One run can answer several requests.
		out = d.must(strings.Join(requests, "\n"), ours(t, "cargo-credential-keyring"), "--cargo-plugin")
		if n := strings.Count(out, `{"Err":{"kind":"url-not-supported"}}`); n != len(requests) || strings.Count(out, "warning:") != 1 {
			t.Errorf("%s: the provider says %s", test.about, out)
		}
	}
	if err := os.Remove(filepath.Join(d.home, "credentials.toml")); err != nil {
		t.Fatal(err)
	}
	// Cargo's own provider stops the chain.
	d.stores("cargo:libsecret")
	d.fails("cannot connect to the session's D-Bus")
	d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS=")
	d.fails("there is no D-Bus session")
}

// requests has one request of each kind.
var requests = []string{
	`{"v":1,"registry":{"index-url":"sparse+http://127.0.0.1:9/","name":"pub"},"kind":"get","operation":"read"}`,
	`{"v":1,"registry":{"index-url":"sparse+http://127.0.0.1:9/","name":"pub"},"kind":"login","token":"t"}`,
	`{"v":1,"registry":{"index-url":"sparse+http://127.0.0.1:9/","name":"pub"},"kind":"logout"}`,
}

// fails checks that a login and a logout fail, claim no success, and put no token in
// a file.
func (d *desktop) fails(want string) {
	d.t.Helper()
	for _, run := range [][]string{{"cargo-login", "new\n"}, {"cargo-logout", ""}} {
		begin := time.Now()
		out, err := d.run(run[1], ours(d.t, run[0]), "--registry", "pub")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 101 || !strings.Contains(out, want) ||
			strings.Contains(out, "saved") || strings.Contains(out, "not currently") || strings.Contains(out, "warning:") {
			d.t.Errorf("%s says %v: %s, want %q", run[0], err, out, want)
		}
		if took := time.Since(begin); took > 10*time.Second {
			d.t.Errorf("%s took %v", run[0], took)
		}
	}
	if _, err := os.Stat(filepath.Join(d.home, "credentials.toml")); err == nil {
		d.t.Errorf("%s: a file of tokens was created", want)
	}
}

// If the store exists but does not answer, that is a failure: no other provider is
// asked, no token goes to a file, and no token is reported as removed.
func TestKeyringThatDoesNotAnswer(t *testing.T) {
	daemon := func(s syscall.Signal) func(*desktop) error {
		return func(d *desktop) error { return d.Keyring.Process.Signal(s) }
	}
	bus := func(s syscall.Signal) func(*desktop) error {
		return func(d *desktop) error { return d.SignalBus(s) }
	}
	for _, test := range []struct {
		about      string
		stop, goOn func(*desktop) error
		socket     func(*testing.T) string
		want       string
	}{
		{"the service is stopped", daemon(syscall.SIGSTOP), daemon(syscall.SIGCONT), nil, "the Secret Service does not answer within 2s"},
		{"the bus is stopped", bus(syscall.SIGSTOP), bus(syscall.SIGCONT), nil, ") does not answer within 2s"},
		{"the bus says nothing", nil, nil, silentSocket, ") does not answer within 2s"},
		{"the bus accepts nothing more", nil, nil, fullSocket, ") does not answer within 2s"},
		{"the bus hangs up", nil, nil, rudeSocket, "cannot talk to the session's D-Bus"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			d, keyring := newDesktop(t), ours(t, "cargo-credential-keyring")
			d.stores(keyring)
			d.must("kept\n", ours(t, "cargo-login"), "--registry", "pub")
			if test.socket != nil {
				d.Environ = append(d.Environ, "DBUS_SESSION_BUS_ADDRESS=unix:path="+test.socket(t))
			} else if err := test.stop(d); err != nil {
				t.Fatal(err)
			}
			d.fails(test.want)
			if test.about == "the service is stopped" {
				d.stores(keyring + " --fallback keyutils")
				d.fails(test.want)
				d.stores("cargo:libsecret")
				d.fails(test.want)
			}
			out := d.must(strings.Join(requests, "\n"), keyring, "--cargo-plugin")
			if n := strings.Count(out, `{"Err":{"kind":"other","message":"`); n != len(requests) {
				t.Errorf("the provider says %s", out)
			}
			if test.goOn != nil {
				if err := test.goOn(d); err != nil {
					t.Fatal(err)
				}
				d.holds("kept")
			}
		})
	}
}

// A bus counts as missing only if that is certain.
func TestBusThatCannotBeReached(t *testing.T) {
	d, keyring := newDesktop(t), ours(t, "cargo-credential-keyring")
	session := d.Environ
	bus, _ := system.LookupEnv(session, "DBUS_SESSION_BUS_ADDRESS")
	d.stores(keyring)
	full, silent := fullSocket(t), silentSocket(t)
	for address, want := range map[string]string{
		"unixexec:path=/bin/cat":                          "addresses with `unixexec:` are not supported",
		"tcp:host=127.0.0.1,port=1":                       "addresses with `tcp:` are not supported",
		"unix:path=" + full + ";unix:path=/missing":       ") does not answer within 2s",
		"unix:path=/missing;unix:path=" + silent:          ") does not answer within 2s",
		"unix:path=" + strings.Repeat("/longer", 20):      "cannot talk to the session's D-Bus",
		"unixexec:path=/bin/cat;unix:path=/missing;tcp:x": "addresses with `unixexec:` are not supported",
	} {
		d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS="+address)
		d.fails(want)
	}
	d.Environ = append(slices.Clone(session), "DBUS_SESSION_BUS_ADDRESS=unix:path=/missing;disabled:;"+bus)
	d.must("kept\n", ours(t, "cargo-login"), "--registry", "pub")
	d.holds("kept")
}

// silentSocket returns the path of a socket that never answers.
func silentSocket(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// fullSocket returns the path of a socket whose queue is full.
func fullSocket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := errors.Join(syscall.Bind(socket, &syscall.SockaddrUnix{Name: path}), syscall.Listen(socket, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		waiting, err := net.Dial("unix", path)
		if errors.Is(err, syscall.EAGAIN) {
			return path
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = waiting.Close() })
	}
}

// rudeSocket returns the path of a socket that hangs up on every connection.
func rudeSocket(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// If the daemon or the bus goes away during a call or a prompt, the login fails
// without waiting for it, and no other place gets the token.
func TestKeyringThatGoesAway(t *testing.T) {
	for _, test := range []struct {
		about string
		goes  func(d *desktop) error
	}{
		{"the daemon", (*desktop).StopKeyring},
		{"the bus", (*desktop).StopBus},
	} {
		for _, during := range []string{"a call", "a prompt"} {
			t.Run(test.about+" during "+during, func(t *testing.T) {
				d := newDesktop(t)
				d.provider(ours(t, "cargo-credential-keyring"))
				d.must("kept\n", ours(t, "cargo-login"), "--registry", "pub")
				gone := make(chan error, 1)
				if during == "a call" {
					if err := d.Keyring.Process.Signal(syscall.SIGSTOP); err != nil {
						t.Fatal(err)
					}
					calls := d.monitor()
					go func() {
						err := calls.wait(func() bool { return len(calls.names()) > 0 })
						gone <- errors.Join(err, test.goes(d))
					}()
				} else {
					d.Environ = append(d.Environ, "DISPLAY=:none")
					d.lock()
					d.prompter(secretservice.Answer{Before: func() { gone <- test.goes(d) }})
				}
				begin := time.Now()
				out, err := d.run("new\n", ours(t, "cargo-login"), "--registry", "pub")
				if err == nil || strings.Contains(out, "saved") {
					t.Errorf("the login says %v: %s", err, out)
				}
				if took := time.Since(begin); took > 20*time.Second {
					t.Errorf("it took %v", took)
				}
				if err := <-gone; err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(d.home, "credentials.toml")); err == nil {
					t.Error("a file of tokens was created")
				}
				if test.about == "the daemon" {
					d.start(password)
					d.holds("kept")
				}
			})
		}
	}
}

// Whatever happens to a migration, the token is in at least one place, and the
// person is told where.
func TestMigrationThatFails(t *testing.T) {
	const plain = "[registries.pub]\ntoken = \"plain\"\n"
	for _, test := range []struct {
		about  string
		answer func(d *desktop, credentials string) secretservice.Answer
		says   string
		file   string
		stored string
	}{
		{
			"the prompt is dismissed",
			func(*desktop, string) secretservice.Answer { return secretservice.Answer{} },
			"the token for `pub` stays in", plain, "",
		},
		{
			"the daemon goes away",
			func(d *desktop, _ string) secretservice.Answer {
				return secretservice.Answer{Password: password, Before: func() { _ = d.Keyring.Process.Kill() }}
			},
			"the token for `pub` stays in", plain, "",
		},
		{
			"another program logs in",
			func(_ *desktop, credentials string) secretservice.Answer {
				return secretservice.Answer{Password: password, Before: func() {
					_ = os.WriteFile(credentials, []byte("[registries.pub]\ntoken = \"newer\"\n"), 0o600)
				}}
			},
			"the token for `pub` is in Secret Service now, and still in", "[registries.pub]\ntoken = \"newer\"\n", "plain",
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			d := newDesktop(t)
			d.Environ = append(d.Environ, "DISPLAY=:none")
			d.provider(ours(t, "cargo-credential-keyring"))
			credentials := filepath.Join(d.home, "credentials.toml")
			if err := os.WriteFile(credentials, []byte(plain), 0o600); err != nil {
				t.Fatal(err)
			}
			d.lock()
			d.prompter(test.answer(d, credentials))
			out, err := d.run("", ours(t, "cargo-credential-keyring"), "migrate")
			if err == nil || !strings.Contains(out, test.says) || strings.Contains(out, "plain\"") {
				t.Errorf("the migration says %v: %s, want %q", err, out, test.says)
			}
			if got, err := os.ReadFile(credentials); string(got) != test.file {
				t.Errorf("the file is %q, %v, want %q", got, err, test.file)
			}
			// The daemon may be dead already.
			_ = d.StopKeyring()
			d.start(password)
			d.holds(test.stored)
		})
	}
}
