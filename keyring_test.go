//go:build linux

package cargoauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/parity"
	"github.com/cargo-auth/cargo-auth/internal/secretservice"
	"github.com/cargo-auth/cargo-auth/internal/stubregistry"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// desktop is a session with a registry and a Cargo home, whose configuration
// names a provider for the registry pub.
type desktop struct {
	*secretservice.Session
	t        *testing.T
	registry *stubregistry.Server
	home     string
}

const password = "the keyring's password"

// newDesktop returns a desktop whose keyring is unlocked.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	if program := secretservice.Missing(); program != "" {
		missing(t, program)
	}
	dir, err := os.MkdirTemp("", "desktop")
	if err != nil {
		t.Fatal(err)
	}
	session, err := secretservice.Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := &desktop{Session: session, t: t, home: t.TempDir()}
	t.Cleanup(func() { d.Close(); os.RemoveAll(dir) })
	d.start(password)
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
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err = d.store().Locked(context.Background()); err == nil {
			return
		}
	}
	d.t.Fatal("the keyring's daemon does not answer:", err)
}

// store is the library's view of the Secret Service.
func (d *desktop) store() keyring.Store {
	d.t.Helper()
	store, err := keyring.Open(context.Background(), keyring.Options{Environ: d.Environ})
	if err != nil {
		d.t.Fatal(err)
	}
	return store
}

func (d *desktop) index() string { return d.registry.Index("pub") }

func (d *desktop) entry() keyring.Entry { return keyring.Entry{IndexURL: d.index(), Name: "pub"} }

// provider configures the registry's provider.
func (d *desktop) provider(words ...string) {
	d.t.Helper()
	text := fmt.Sprintf("[registries.pub]\nindex = %q\ncredential-provider = [%s]\n", d.index(), `"`+strings.Join(words, `", "`)+`"`)
	if err := os.WriteFile(filepath.Join(d.home, "config.toml"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// run runs a program in the session and returns what it says.
func (d *desktop) run(stdin, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = d.home
	cmd.Env = append(slices.Clone(d.Environ), "CARGO_HOME="+d.home)
	cmd.Stdin = strings.NewReader(stdin)
	// Without a terminal, as in a test that runs without one.
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

// ours returns the path of one of our programs.
func ours(t *testing.T, name string) string {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(bin, name)
}

func realCargo(t *testing.T) string {
	t.Helper()
	path, _ := parity.FindCargo()
	if path == "" {
		t.Skip("there is no cargo on this machine")
	}
	return path
}

// holds checks that the registry has exactly one entry, which is like
// libsecret's, with that token.
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

// What one program stores the other replaces, and nobody logs in twice.
func TestKeyringSharesTheEntriesOfCargosProvider(t *testing.T) {
	cargo, d := realCargo(t), newDesktop(t)
	login := []string{"login", "--registry", "pub"}
	logout := []string{"logout", "--registry", "pub"}

	d.provider("cargo:libsecret")
	d.must("first\n", cargo, login...)
	d.holds("first")
	token, err := d.store().Get(context.Background(), d.entry())
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

	// The built-in provider of our programs is the same.
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

func TestKeyringKeepsEveryTokenWhole(t *testing.T) {
	d := newDesktop(t)
	printable := "\t"
	for c := rune(' '); c < 0x7f; c++ {
		printable += string(c)
	}
	for _, token := range []string{"Bearer abc def", `"quoted" 'too' \ $(x)`, printable, strings.Repeat("long", 25_000)} {
		if err := d.store().Set(t.Context(), d.entry(), config.NewSecret(token)); err != nil {
			t.Fatal(err)
		}
		got, err := d.store().Get(t.Context(), d.entry())
		if err != nil || got.Expose() != token {
			t.Errorf("a token of %d bytes comes back with %d, %v", len(token), len(got.Expose()), err)
		}
	}
	provider := &keyring.Provider{Options: keyring.Options{Environ: d.Environ}}
	refused := config.NewSecret("no\ntoken")
	err := provider.Login(t.Context(), &credential.Request{IndexURL: d.index()}, credential.LoginOptions{Token: &refused})
	if err == nil || strings.Contains(err.Error(), "no\ntoken") {
		t.Errorf("a token with a line feed gets the error %v", err)
	}
}

func TestLockedKeyring(t *testing.T) {
	d := newDesktop(t)
	if err := d.store().Set(t.Context(), d.entry(), config.NewSecret("kept")); err != nil {
		t.Fatal(err)
	}
	if err := d.StopKeyring(); err != nil {
		t.Fatal(err)
	}
	d.start("")
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

// A lockedBuffer is written by one goroutine and read by another.
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

func TestGetNeedsFewCalls(t *testing.T) {
	d := newDesktop(t)
	if err := d.store().Set(t.Context(), d.entry(), config.NewSecret("t")); err != nil {
		t.Fatal(err)
	}
	monitor := exec.Command("dbus-monitor", "--session", "--profile")
	monitor.Env = d.Environ
	var log lockedBuffer
	monitor.Stdout = &log
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); log.String() == "" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if _, err := d.store().Get(t.Context(), d.entry()); err != nil {
		t.Fatal(err)
	}
	// A call that comes after all others marks the end.
	_, _ = d.store().Get(t.Context(), keyring.Entry{IndexURL: "the-end"})
	for deadline := time.Now().Add(20 * time.Second); strings.Count(log.String(), "SearchItems") < 2 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	_ = monitor.Process.Kill()
	_ = monitor.Wait()
	var calls []string
	for line := range strings.Lines(log.String()) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); fields[0] == "mc" && strings.Contains(line, "org.freedesktop.Secret") {
			calls = append(calls, fields[len(fields)-1])
		}
	}
	want := []string{"SearchItems", "OpenSession", "GetSecret", "SearchItems"}
	if !slices.Equal(calls, want) {
		t.Errorf("a get and a search make the calls %v, want %v", calls, want)
	}
}

func TestKernelKeyring(t *testing.T) {
	d := newDesktop(t)
	store, err := keyring.Open(t.Context(), keyring.Options{Backend: keyring.Keyutils})
	if errors.Is(err, keyring.ErrUnavailable) {
		missing(t, "a kernel with persistent keyrings")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Delete(context.Background(), d.entry()) })
	d.provider(ours(t, "cargo-credential-keyring"), "--backend", "keyutils")
	long := strings.Repeat("k", 5000)
	d.must(long+"\n", ours(t, "cargo-login"), "--registry", "pub")
	if token, err := store.Get(t.Context(), d.entry()); err != nil || token.Expose() != long {
		t.Errorf("the store has a token of %d bytes, %v", len(token.Expose()), err)
	}
	d.holds("")
	d.must("", ours(t, "cargo-logout"), "--registry", "pub")
	if _, err := store.Get(t.Context(), d.entry()); !errors.Is(err, credential.ErrNotFound) {
		t.Errorf("after the logout a get says %v", err)
	}

	// The fallback counts only where there is no Secret Service.
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
	if token, err := store.Get(t.Context(), d.entry()); err != nil || token.Expose() != "kernel" {
		t.Errorf("the store has %q, %v", token.Expose(), err)
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
