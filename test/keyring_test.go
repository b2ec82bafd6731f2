//go:build linux

// Tokens are kept in a real secret store, in entries that cargo's own providers
// share.

package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

func TestCargoLogsInThroughTheKeyring(t *testing.T) {
	cargo, d := realCargo(t), newDesktop(t)
	d.provider(ours(t, "cargo-credential-keyring"))
	out := d.must("t0ken\n", cargo, "login", "--registry", "pub")
	if want := "       Login token for `pub` saved in Secret Service\n"; !strings.HasSuffix(out, want) {
		t.Errorf("the login says %q, want %q at its end", out, want)
	}
	d.holds("t0ken")
	d.must("", cargo, "yank", "--registry", "pub", "--version", "1.0.0", "hello")
	requests := d.registry.Requests()
	if last := requests[len(requests)-1]; last.Header.Get("Authorization") != "t0ken" || last.Method != "DELETE" {
		t.Errorf("the last request was %v", last)
	}
	out = d.must("", cargo, "logout", "--registry", "pub")
	if want := "      Logout token for `pub` has been removed from Secret Service\n"; out != want {
		t.Errorf("the logout says %q, want %q", out, want)
	}
	d.holds("")
	out = d.must("", cargo, "logout", "--registry", "pub")
	if want := "      Logout not currently logged in to `pub`\n"; out != want {
		t.Errorf("a second logout says %q, want %q", out, want)
	}
}

// Each program can replace what the other stored, so users need not log in twice.
//
// differs: secret-stores
func TestKeyringSharesTheEntriesOfCargosProvider(t *testing.T) {
	cargo, d := realCargo(t), newDesktop(t)
	login := []string{"login", "--registry", "pub"}
	logout := []string{"logout", "--registry", "pub"}

	d.provider("cargo:libsecret")
	d.must("first\n", cargo, login...)
	d.holds("first")
	token, err := d.store().Get(context.Background(), d.index())
	if err != nil || token.Expose() != "first" {
		t.Errorf("ours finds %q, %v", token.Expose(), err)
	}

	d.provider(ours(t, "cargo-credential-keyring"))
	d.must("second\n", ours(t, "cargo-login"), login[1:]...)
	d.holds("second")
	d.provider("cargo:libsecret")
	d.must("", cargo, "yank", "--registry", "pub", "--version", "1.0.0", "hello")
	requests := d.registry.Requests()
	if last := requests[len(requests)-1]; last.Header.Get("Authorization") != "second" {
		t.Errorf("cargo:libsecret sends %v", last)
	}

	// So does the provider that is built into our programs.
	out := d.must("third\n", ours(t, "cargo-login"), login[1:]...)
	if !strings.HasSuffix(out, "Login token for `pub` saved in Secret Service\n") {
		t.Errorf("the login says %q", out)
	}
	d.holds("third")
	d.must("", cargo, logout...)
	d.holds("")
	out = d.must("", ours(t, "cargo-logout"), logout[1:]...)
	if out != "      Logout not currently logged in to `pub`\n" {
		t.Errorf("the logout says %q", out)
	}
	d.must("fourth\n", cargo, login...)
	d.must("", ours(t, "cargo-logout"), logout[1:]...)
	d.holds("")
}

// A login to the store names a token that is left in plain text, and a logout from
// the store names one that stays in force. The command in the message removes that
// token and nothing else, with our program and with Cargo.
//
// differs: token-set-elsewhere
func TestKeyringTellsOfATokenInPlainText(t *testing.T) {
	cargo, d := realCargo(t), newDesktop(t)
	credentials := filepath.Join(d.home, "credentials.toml")
	const plain = "[registries.pub]\ntoken = \"plain\"\n"
	keyring := ours(t, "cargo-credential-keyring")
	for _, logout := range []string{cargo + " logout", ours(t, "cargo-logout")} {
		for about, configure := range map[string]func(){
			"before cargo:token": func() { d.stores(keyring) },
			"alone":              func() { d.provider(keyring) },
		} {
			configure()
			if err := os.WriteFile(credentials, []byte(plain), 0o600); err != nil {
				t.Fatal(err)
			}
			said := d.must("new\n", ours(t, "cargo-login"), "--registry", "pub")
			told := "warning: registry `pub` still has a token configured in " + credentials + ", which the new one shadows; `"
			_, command, found := strings.Cut(said, told)
			command, isLast := strings.CutSuffix(command, "` removes it\n")
			if !found || !isLast {
				t.Fatalf("%s: the login says %s, want %q", about, said, told)
			}
			if about != "alone" {
				out := d.must("", ours(t, "cargo-logout"), "--registry", "pub")
				told := "which stays in force: a logout removes the one of `" + keyring + "` only; `" + command + "` removes it\n"
				if !strings.HasSuffix(out, told) {
					t.Errorf("the logout says %s, want %q at its end", out, told)
				}
				d.must("new\n", ours(t, "cargo-login"), "--registry", "pub")
			}
			command = strings.Replace(command, "cargo logout", logout, 1)
			d.must("", "sh", "-c", command)
			if content, err := os.ReadFile(credentials); err != nil || strings.Contains(string(content), "plain") {
				t.Errorf("%s: after %s the file is %q, %v", about, command, content, err)
			}
			d.holds("new")
			if out := d.must("newer\n", ours(t, "cargo-login"), "--registry", "pub"); strings.Contains(out, "warning") {
				t.Errorf("%s: with no other token the login says %s", about, out)
			}
			if out := d.must("", ours(t, "cargo-logout"), "--registry", "pub"); strings.Contains(out, "warning") {
				t.Errorf("%s: with no other token the logout says %s", about, out)
			}
		}
	}
}

func TestKeyringKeepsEveryTokenWhole(t *testing.T) {
	d := newDesktop(t)
	printable := "\t"
	for c := rune(' '); c < 0x7f; c++ {
		printable += string(c)
	}
	for _, token := range []string{"Bearer abc def", `"quoted" 'too' \ $(x)`, printable, strings.Repeat("long", 25_000)} {
		if err := d.store().Set(t.Context(), d.index(), "pub", config.NewSecret(token)); err != nil {
			t.Fatal(err)
		}
		got, err := d.store().Get(t.Context(), d.index())
		if err != nil || got.Expose() != token {
			t.Errorf("a token of %d bytes comes back with %d, %v", len(token), len(got.Expose()), err)
		}
	}
	provider := keyring.New(keyring.Options{Environ: d.Environ})
	refused := config.NewSecret("no\ntoken")
	err := provider.Login(t.Context(), &credential.Request{IndexURL: d.index()}, credential.LoginOptions{Token: &refused})
	if err == nil || strings.Contains(err.Error(), "no\ntoken") {
		t.Errorf("a token with a line feed gets the error %v", err)
	}
	if err := d.store().Set(t.Context(), d.index(), "pub", config.NewSecret("\xff\x00")); err != nil {
		t.Fatal(err)
	}
	_, err = provider.Get(t.Context(), &credential.Request{IndexURL: d.index()}, credential.Read())
	if err == nil || !strings.Contains(err.Error(), "is not valid UTF-8") {
		t.Errorf("an entry that is no text gets the error %v", err)
	}
}

// One goroutine writes a lockedBuffer, and another reads it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// calls are the calls to the service that the bus's monitor saw.
type calls struct{ log lockedBuffer }

// monitor watches the bus until the test ends.
func (d *desktop) monitor() *calls {
	d.t.Helper()
	c := &calls{}
	monitor := exec.Command("dbus-monitor", "--session", "--profile")
	monitor.Env = d.Environ
	monitor.Stdout = &c.log
	if err := monitor.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = monitor.Process.Kill()
		_ = monitor.Wait()
	})
	if err := c.wait(func() bool { return c.log.String() != "" }); err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (c *calls) wait(until func() bool) error {
	for deadline := time.Now().Add(20 * time.Second); !until(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the monitor saw %q", c.log.String())
		}
	}
	return nil
}

func (c *calls) names() (names []string) {
	for line := range strings.Lines(c.log.String()) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); fields[0] == "mc" && fields[4] == "org.freedesktop.secrets" {
			names = append(names, fields[len(fields)-1])
		}
	}
	return names
}

func TestGetNeedsFewCalls(t *testing.T) {
	d := newDesktop(t)
	if err := d.store().Set(t.Context(), d.index(), "pub", config.NewSecret("t")); err != nil {
		t.Fatal(err)
	}
	calls := d.monitor()
	if _, err := d.store().Get(t.Context(), d.index()); err != nil {
		t.Fatal(err)
	}
	// A search that finds nothing marks the end. It asks whether the store is locked.
	_, _ = d.store().Get(t.Context(), "the-end")
	want := []string{"SearchItems", "OpenSession", "GetSecret", "SearchItems", "Get"}
	if err := calls.wait(func() bool { return len(calls.names()) >= len(want) }); err != nil {
		t.Fatal(err)
	}
	if got := calls.names(); !slices.Equal(got, want) {
		t.Errorf("a get and a search make the calls %v, want %v", got, want)
	}
}

func TestKernelKeyring(t *testing.T) {
	d := newDesktop(t)
	store, err := keyring.Open(t.Context(), keyring.Options{Backend: keyring.Keyutils})
	if err == nil {
		_, err = store.Locked(t.Context())
	}
	if errors.Is(err, keyring.ErrUnavailable) {
		missing(t, "a kernel with persistent keyrings")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Delete(context.Background(), d.index()) })
	d.provider(ours(t, "cargo-credential-keyring"), "--backend", "keyutils")
	long := strings.Repeat("k", 5000)
	d.must(long+"\n", ours(t, "cargo-login"), "--registry", "pub")
	if token, err := store.Get(t.Context(), d.index()); err != nil || token.Expose() != long {
		t.Errorf("the store has a token of %d bytes, %v", len(token.Expose()), err)
	}
	d.holds("")
	d.must("", ours(t, "cargo-logout"), "--registry", "pub")
	if _, err := store.Get(t.Context(), d.index()); !errors.Is(err, credential.ErrNotFound) {
		t.Errorf("after the logout a get says %v", err)
	}

	// The fallback is used only without a Secret Service.
	d.provider(ours(t, "cargo-credential-keyring"), "--fallback", "keyutils")
	d.must("desk\n", ours(t, "cargo-login"), "--registry", "pub")
	d.holds("desk")
	if err := d.StopKeyring(); err != nil {
		t.Fatal(err)
	}
	out := d.must("kernel\n", ours(t, "cargo-login"), "--registry", "pub")
	if !strings.Contains(out, "saved in the kernel's keyring, until the machine is switched off") {
		t.Errorf("the login says %q", out)
	}
	if token, err := store.Get(t.Context(), d.index()); err != nil || token.Expose() != "kernel" {
		t.Errorf("the store has %q, %v", token.Expose(), err)
	}
	out = d.must("", ours(t, "cargo-logout"), "--registry", "pub")
	if want := "      Logout token for `pub` has been removed from the kernel's keyring\n"; out != want {
		t.Errorf("the logout says %q, want %q", out, want)
	}
}

func TestProviderRefusesArgumentsItDoesNotKnow(t *testing.T) {
	d := newDesktop(t)
	d.provider(ours(t, "cargo-credential-keyring"), "--bakend", "x")
	out, err := d.run("", ours(t, "cargo-logout"), "--registry", "pub")
	if err == nil || !strings.Contains(out, "unknown flag: --bakend") {
		t.Errorf("it says %v: %s", err, out)
	}
}
