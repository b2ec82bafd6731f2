package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// This file has what the tests of the package share: fake providers, homes with files
// and programs, and what Cargo was recorded to say.

// fake is a provider made of functions.
type fake struct {
	get    func(ctx context.Context, req *Request, op Operation) (*Token, error)
	login  func(ctx context.Context, req *Request, login LoginOptions) error
	logout func(ctx context.Context, req *Request) error
}

func (f fake) Get(ctx context.Context, req *Request, op Operation) (*Token, error) {
	return f.get(ctx, req, op)
}

func (f fake) Login(ctx context.Context, req *Request, login LoginOptions) error {
	return f.login(ctx, req, login)
}

func (f fake) Logout(ctx context.Context, req *Request) error { return f.logout(ctx, req) }

// heldBy returns a chain for a home with these files, and what it tells the user.
func heldBy(t *testing.T, files map[string]string, environ ...string) (*Chain, *[]string) {
	t.Helper()
	home := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := &[]string{}
	c := config.New(config.Options{Dir: home, Home: home, Environ: environ, Notify: func(n config.Message) {
		*told = append(*told, strings.TrimSpace(n.Verb+" "+filepath.ToSlash(strings.ReplaceAll(n.Text, home, "HOME"))))
	}})
	return &Chain{Config: c}, told
}

func (c *Chain) stored(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Config.Home, "credentials.toml"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func registryNamed(t *testing.T, c *Chain, name string) registry.Registry {
	t.Helper()
	r, err := registry.Resolve(c.Config, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answers are the providers of the recorded cases by name. Each logs its request and
// gives its answer.
var answers = map[string]string{
	"nf": `{"Err":{"kind":"not-found"}}`,
	"un": `{"Err":{"kind":"url-not-supported"}}`,
	"on": `{"Err":{"kind":"operation-not-supported"}}`,
	"ok": `{"Ok":{"kind":"login"}}`,
	"lo": `{"Ok":{"kind":"logout"}}`,
	"gt": `{"Ok":{"kind":"get","token":"sekret","cache":"session","operation_independent":true}}`,
}

// world has a home, a working directory and a directory of programs.
type world struct {
	root, home, bin string
	environ         []string
	// said is what the user was told, in the form of cargo -v.
	said []string
}

func newWorld(t *testing.T, configuration, credentials string) *world {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the providers are shell scripts")
	}
	w := &world{root: t.TempDir()}
	w.home, w.bin = filepath.Join(w.root, "home"), filepath.Join(w.root, "bin")
	for _, dir := range []string{w.home, w.bin, filepath.Join(w.root, "work")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, answer := range answers {
		w.provide(t, name, `echo '{"v":[1]}'
read -r r
echo "${0##*/} $r" >>"$REQ"
echo '`+answer+`'
`)
	}
	w.write(t, filepath.Join(w.home, "config.toml"), configuration, 0o600)
	if credentials != "" {
		w.write(t, filepath.Join(w.home, "credentials.toml"), credentials, 0o600)
	}
	w.environ = []string{"PATH=" + w.bin + ":/usr/bin:/bin", "REQ=" + filepath.Join(w.root, "requests")}
	return w
}

func (w *world) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	// A program that another test starts at this moment would inherit the open file,
	// and a file that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// provide writes a shell script as a program.
func (w *world) provide(t *testing.T, name, script string) {
	t.Helper()
	w.write(t, filepath.Join(w.bin, name), "#!/bin/sh\n"+script, 0o755)
}

func (w *world) requests(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.root, "requests"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// config returns the configuration of this world.
func (w *world) config() *config.Config {
	return config.New(config.Options{
		Dir:     filepath.Join(w.root, "work"),
		Home:    w.home,
		Environ: w.environ,
		Notify:  w.hear,
	})
}

func (w *world) hear(n config.Message) {
	// A program that another test starts at this moment keeps a lock of this one.
	if n.Verb == "Blocking" {
		return
	}
	text := n.Text
	switch n.Kind {
	case config.Warning:
		text = "warning: " + text
	case config.Note:
		text = "note: " + text
	case config.Status, config.VerboseStatus:
		text = fmt.Sprintf("%12s %s", n.Verb, text)
	}
	w.say(text)
}

// say adds to said what Cargo would print to a pipe, without control characters and
// with names in place of this world's paths.
func (w *world) say(text string) {
	text = strings.NewReplacer(w.home, "HOME", w.bin, "BIN", w.root, "BASE", "\x00", "").Replace(text)
	w.said = append(w.said, strings.Split(text, "\n")...)
}

// fail adds an error to said, as Cargo prints it.
func (w *world) fail(err error) {
	for i, text := range system.ErrorLayers(err) {
		if i == 0 {
			w.say("error: " + text)
			continue
		}
		w.say("")
		w.say("Caused by:")
		w.say("  " + strings.ReplaceAll(text, "\n", "\n  "))
	}
}

// recorded reads what Cargo 1.95 was recorded to say.
func recorded(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cargo", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func secret(text string) *config.Secret {
	s := config.NewSecret(text)
	return &s
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
