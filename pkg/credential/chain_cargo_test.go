//go:build unix

package credential

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// answers are the providers of the recorded cases, each of which notes what it
// is asked and always answers the same.
var answers = map[string]string{
	"nf": `{"Err":{"kind":"not-found"}}`,
	"un": `{"Err":{"kind":"url-not-supported"}}`,
	"on": `{"Err":{"kind":"operation-not-supported"}}`,
	"ok": `{"Ok":{"kind":"login"}}`,
	"lo": `{"Ok":{"kind":"logout"}}`,
	"gt": `{"Ok":{"kind":"get","token":"sekret","cache":"session","operation_independent":true}}`,
}

// world is a home, a working directory and a directory of programs.
type world struct {
	root, home, bin string
	environ         []string
	// said is what the user was told, as cargo -v prints it.
	said []string
}

func newWorld(t *testing.T, configuration, credentials string) *world {
	t.Helper()
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
	// A program that another test starts just now would inherit the open file
	// for a moment, and a file that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// provide makes a program of a shell script.
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

// config loads the configuration.
func (w *world) config(t *testing.T) *config.Config {
	t.Helper()
	c := config.New(config.Options{
		Dir:     filepath.Join(w.root, "work"),
		Home:    w.home,
		Environ: w.environ,
		Notify:  w.hear,
	})
	return c
}

func (w *world) hear(n config.Message) {
	// A program that another test starts just now holds on for a moment to a
	// lock of this one.
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

// say adds what Cargo prints to a pipe, which is without control characters,
// with the paths of this world made general.
func (w *world) say(text string) {
	text = strings.NewReplacer(w.home, "HOME", w.bin, "BIN", w.root, "BASE", "\x00", "").Replace(text)
	w.said = append(w.said, strings.Split(text, "\n")...)
}

// fail says an error as Cargo prints it.
func (w *world) fail(err error) {
	for i, text := range Layers(err) {
		if i == 0 {
			w.say("error: " + text)
			continue
		}
		w.say("")
		w.say("Caused by:")
		w.say("  " + strings.ReplaceAll(text, "\n", "\n  "))
	}
}

// beyond is what Cargo does not say: a token that a logout leaves in force, or
// that another one shadows after a login.
var beyond = map[string][]string{
	"logout under another name": {"warning: registry `pub` still has a token configured in HOME/credentials.toml, " +
		"which stays in force: it belongs to another name of the registry"},
	"logout: both, only token listed": {staysInForce},
	"logout: both, token first":       {staysInForce},
	"login: both, only token listed":  {isShadowed},
	"login: both, token first":        {isShadowed},
}

const (
	staysInForce = "warning: registry `pub` still has a token configured in HOME/credentials.toml, " +
		"which stays in force: a logout removes the one of `lo` only; " + removesIt
	isShadowed = "warning: registry `pub` still has a token configured in HOME/credentials.toml, " +
		"which the new one shadows; " + removesIt
	removesIt = "`CARGO_REGISTRIES_PUB_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry pub` removes it"
)

func TestChainSaysAndAsksWhatCargoDoes(t *testing.T) {
	var cases []struct {
		Name, Action        string
		Named, Asymmetric   bool
		Config, Credentials string
		Env                 map[string]string
		Args                []string
		Stderr, Requests    []string
		Stored              string
	}
	recorded(t, "chain.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.Config, c.Credentials)
			for name, value := range c.Env {
				w.environ = append(w.environ, name+"="+value)
			}
			name := ""
			if c.Named {
				name = "pub"
			}
			cfg := w.config(t)
			chain := &Chain{Config: cfg, AsymmetricTokens: c.Asymmetric}
			if err := act(t, chain, c.Action, name, c.Args); err != nil {
				w.fail(err)
			}
			got, want := untilPaseto(w.said), untilPaseto(append(c.Stderr, beyond[c.Name]...))
			for i := range want {
				want[i] = strings.Replace(want[i], "nul byte found in provided data", "Invalid argument (os error 22)", 1)
			}
			if !slices.Equal(got, want) {
				t.Errorf("said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if last := len(want) - 1; last >= 0 && strings.HasPrefix(want[last], credentialPaseto) {
				return
			}
			if got := w.requests(t); !slices.Equal(got, c.Requests) {
				t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.Requests, "\n"))
			}
			stored, _ := os.ReadFile(filepath.Join(w.home, "credentials.toml"))
			if got, want := tokens(t, string(stored)), tokens(t, c.Stored); got != want {
				t.Errorf("stored %s, want %s", got, want)
			}
		})
	}
}

const credentialPaseto = "  Credential cargo:paseto"

// untilPaseto cuts off what happens once cargo:paseto is asked.
func untilPaseto(lines []string) []string {
	for i, line := range lines {
		if strings.HasPrefix(line, credentialPaseto) {
			return lines[:i+1]
		}
	}
	return lines
}

// tokens returns what a credentials file means. Cargo leaves an empty table
// where the last credential was.
func tokens(t *testing.T, text string) string {
	t.Helper()
	var file map[string]any
	if err := toml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(file)
}
