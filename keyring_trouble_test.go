//go:build linux

package cargoauth

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/secretservice"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

func TestLockedKeyring(t *testing.T) {
	d := newDesktop(t)
	if err := d.store().Set(t.Context(), d.entry(), config.NewSecret("kept")); err != nil {
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
		if err == nil || !strings.Contains(out, "the keyring is locked, and there is nobody here to unlock it") {
			t.Errorf("%s says %v: %s", run[0], err, out)
		}
	}
	// With somebody who could answer, but nothing that asks, the prompt counts
	// as dismissed, or times out.
	store, err := keyring.Open(t.Context(), keyring.Options{Environ: d.Environ, CanPrompt: func() bool { return true }, UnlockTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = store.Get(t.Context(), d.entry()); err == nil || errors.Is(err, keyring.ErrUnavailable) || errors.Is(err, credential.ErrNotFound) {
		t.Errorf("a prompt that nobody answers gets the error %v", err)
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
		t.Error("a dismissed prompt has led to a file of tokens")
	}
	dismiss()
	if prompts != 2 {
		t.Errorf("there were %d prompts, want 2", prompts)
	}

	leave := d.prompter(secretservice.Answer{Absent: true})
	d.provider(ours(t, "cargo-credential-keyring"), "--unlock-timeout", "100ms")
	out, err := d.run("", ours(t, "cargo-logout"), "--registry", "pub")
	if err == nil || !strings.Contains(out, "nobody answered the keyring's prompt within 100ms") {
		t.Errorf("with somebody who does not answer the logout says %v: %s", err, out)
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

// Where there is no store the next provider gets its turn, in time.
func TestKeyringThatIsNotThere(t *testing.T) {
	d := newDesktop(t)
	session := d.Environ
	silent, err := net.Listen("unix", filepath.Join(t.TempDir(), "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	text := fmt.Sprintf("[registries.pub]\nindex = %q\n[registry]\nglobal-credential-providers = [\"cargo:token\", %q]\n",
		d.index(), ours(t, "cargo-credential-keyring"))
	if err := os.WriteFile(filepath.Join(d.home, "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		about, address, want string
		before               func() error
	}{
		{"no answer", "", "does not answer within 2s", func() error { return d.Keyring.Process.Signal(syscall.SIGSTOP) }},
		{"no service", "", "no Secret Service runs in this session", d.StopKeyring},
		{"no bus", "", "cannot connect to the session's D-Bus", d.StopBus},
		{"bus without words", "unix:path=" + silent.Addr().String(), "does not answer within 2s", nil},
		{"no address", "none", "there is no D-Bus session", nil},
	} {
		if test.before != nil {
			if err := test.before(); err != nil {
				t.Fatal(err)
			}
		}
		d.Environ = slices.Clone(session)
		switch test.address {
		case "":
		case "none":
			d.Environ = append(d.Environ, "DBUS_SESSION_BUS_ADDRESS=")
		default:
			d.Environ = append(d.Environ, "DBUS_SESSION_BUS_ADDRESS="+test.address)
		}
		begin := time.Now()
		out, err := d.run("t\n", ours(t, "cargo-login"), "--registry", "pub")
		if err != nil || !strings.Contains(out, test.want) || !strings.HasSuffix(out, "Login token for `pub` saved\n") {
			t.Errorf("%s: %v: %s, want %q and a login to the file", test.about, err, out, test.want)
		}
		if n := strings.Count(out, "warning:"); n != 1 {
			t.Errorf("%s: %d warnings: %s", test.about, n, out)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: it took %v", test.about, took)
		}
	}
}

// Whoever goes in the middle, nobody waits for it, and no other place gets the
// token.
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
					t.Error("there is a file of tokens")
				}
				if test.about == "the daemon" {
					d.start(password)
					d.holds("kept")
				}
			})
		}
	}
}

// Whatever happens, a token that is being moved is in one place at least, and
// the person is told where.
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
			"the daemon goes",
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
			// It may be dead already.
			_ = d.StopKeyring()
			d.start(password)
			d.holds(test.stored)
		})
	}
}
