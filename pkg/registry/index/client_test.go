package index

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// world is a home with a registry on loopback, and what is said and waited
// while its index is fetched.
type world struct {
	*Client
	home    string
	server  *httptest.Server
	said    []string
	waits   []time.Duration
	asked   []string // the requests, as "GET /path" or "GET /path with token"
	headers []string // those that a token was asked for with
	token   string
}

// updating is what every failure to load the configuration begins with.
const updating = "failed to update registry `x` | "

const okConfig = `{"dl":"http://h/dl","api":"http://h/api"}`

// newWorld returns a world whose registry answers with handler, for a home with
// that config.toml.
func newWorld(t *testing.T, content string, handler http.HandlerFunc, environ ...string) *world {
	t.Helper()
	w := &world{home: t.TempDir()}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		line := req.Method + " " + req.URL.RequestURI()
		if token := req.Header.Get("Authorization"); token != "" {
			line += " with " + token
		}
		w.asked = append(w.asked, line)
		handler(rw, req)
	}))
	t.Cleanup(w.server.Close)
	w.configure(t, content, environ...)
	return w
}

func (w *world) configure(t *testing.T, content string, environ ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.home, "config.toml"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	c := config.New(config.Options{
		Dir: w.home, Home: w.home, Environ: environ,
		Notify: func(n config.Message) { w.said = append(w.said, strings.TrimSpace(n.Verb+" "+n.Text)) },
	})
	w.Client = &Client{
		Config:    c,
		UserAgent: "test/1",
		Token: func(_ context.Context, headers []string) (config.Secret, error) {
			w.headers = headers
			if w.token == "" {
				return config.Secret{}, registry.ErrNoToken
			}
			return config.NewSecret(w.token), nil
		},
		pause: func(_ context.Context, d time.Duration) error {
			w.waits = append(w.waits, d)
			return nil
		},
	}
}

// target is the registry x, whose index is in /i/ of the server.
func (w *world) target(t *testing.T) registry.Target {
	t.Helper()
	return targetAt(t, "sparse+"+w.server.URL+"/i/")
}

func targetAt(t *testing.T, index string) registry.Target {
	t.Helper()
	r, err := registry.New("x", index)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Target{Registry: r, Source: r}
}

// fetch shows what comes of fetching the index of x: the address of its API or
// the layers of the error.
func (w *world) fetch(t *testing.T) string {
	t.Helper()
	return w.fetchFrom(t, w.target(t))
}

func (w *world) fetchFrom(t *testing.T, target registry.Target) string {
	t.Helper()
	c, err := w.Fetch(t.Context(), target)
	if err != nil {
		return w.masked(chain(err))
	}
	return *c.API
}

func (w *world) masked(s string) string {
	s = strings.ReplaceAll(s, strings.TrimPrefix(w.server.URL, "http://"), "HOST")
	s = strings.ReplaceAll(s, w.home+string(filepath.Separator), "$HOME/")
	s = strings.ReplaceAll(s, w.home, "$HOME")
	return regexp.MustCompile(`after \d+ m`).ReplaceAllString(s, "after N m")
}

// chain shows an error's layers, outermost first, as a program prints them.
func chain(err error) string {
	var layers []string
	for err != nil {
		cause := errors.Unwrap(err)
		text := err.Error()
		if cause != nil {
			text = strings.TrimSuffix(text, ": "+cause.Error())
		}
		layers = append(layers, text)
		err = cause
	}
	return strings.Join(layers, " | ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// answer is a handler that always gives the same answer.
func answer(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, header := range headers {
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func TestFetchAsksOnce(t *testing.T) {
	var sent http.Header
	w := newWorld(t, "", func(rw http.ResponseWriter, req *http.Request) {
		sent = req.Header
		fmt.Fprint(rw, okConfig)
	})
	for range 2 {
		expect(t, "API", w.fetch(t), "http://h/api")
	}
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
	expect(t, "said", strings.Join(w.said, ", "), "Updating `x` index")
	for name, want := range map[string]string{
		"Accept": "text/plain", "Accept-Encoding": "deflate, gzip", "Cargo-Protocol": "version=1", "User-Agent": "test/1",
	} {
		expect(t, name, sent.Get(name), want)
	}

	dir := filepath.Join(w.home, "registry", "index", cacheName(w.target(t).Source))
	cached, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "cache", string(cached), okConfig)
	tag, err := os.ReadFile(filepath.Join(w.home, "registry", "CACHEDIR.TAG"))
	if err != nil || !strings.HasPrefix(string(tag), "Signature: 8a477f597d28d172789f06886806bc55\n") {
		t.Errorf("CACHEDIR.TAG: %q, %v", tag, err)
	}
}

func TestDamagedCacheIsFetchedAgain(t *testing.T) {
	for _, damaged := range []string{"", "{", "{}", "null"} {
		w := newWorld(t, "", answer(200, okConfig))
		dir := filepath.Join(w.home, "registry", "index", cacheName(w.target(t).Source))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(damaged), 0o666); err != nil {
			t.Fatal(err)
		}
		expect(t, "API", w.fetch(t), "http://h/api")
		expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
		cached, _ := os.ReadFile(filepath.Join(dir, "config.json"))
		expect(t, "cache", string(cached), okConfig)
	}
}

// As for Cargo a cached file is written over, not replaced.
func TestWhatIsCachedIsNotRemoved(t *testing.T) {
	w := newWorld(t, "", answer(200, okConfig))
	file := filepath.Join(w.cacheDir(w.target(t).Source), configName)
	if err := os.MkdirAll(file, 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, "API", w.fetch(t), "http://h/api")
	if info, err := os.Stat(file); err != nil || !info.IsDir() {
		t.Errorf("the directory in the place of the file is gone: %v", err)
	}
}

func TestNoNetworkIsAskedOffline(t *testing.T) {
	for _, test := range []struct {
		about, config   string
		frozen, offline bool
		cached, want    string
	}{
		{"offline", "", false, true, "", updating + "config.json not found"},
		{"frozen", "", true, false, "", updating + "config.json not found"},
		{"configured", "net.offline=true", false, false, "", updating + "config.json not found"},
		{"offline, cached", "", false, true, okConfig, "attempting to make an HTTP request, but --offline was specified"},
		{"frozen, cached", "", true, false, okConfig, "attempting to make an HTTP request, but --frozen was specified"},
		{"both, cached", "", true, true, okConfig, "attempting to make an HTTP request, but --frozen was specified"},
		{"without API", "", false, true, `{"dl":"d"}`, "registry `x` does not support API commands"},
	} {
		w := newWorld(t, test.config, answer(200, okConfig))
		w.Frozen, w.Offline = test.frozen, test.offline
		if test.cached != "" {
			w.writeCache(w.target(t), []byte(test.cached))
		}
		expect(t, test.about, w.fetch(t), test.want)
		expect(t, test.about, strings.Join(append(w.asked, w.said...), ", "), "")
	}
}

func TestFetchSaysWhatIsWrongWithSettings(t *testing.T) {
	const versions = "Invalid ssl version `v`,choose from 'default', 'tlsv1', 'tlsv1.0', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'."
	for _, test := range []struct{ config, want, said string }{
		{"http.timeout='x'", updating + "error in $HOME/config.toml: `http.timeout` expected an integer, but found a string", "Updating `x` index"},
		{"http.ssl-version='v'", updating + versions, "Updating `x` index"},
		{"http.ssl-version.max='v'", updating + versions, "Updating `x` index"},
		{"net.offline='x'", updating + "error in $HOME/config.toml: `net.offline` expected true/false, but found a string", ""},
		{
			"net.retry=-1", updating + "error in $HOME/config.toml: could not load config key `net.retry` | invalid value: integer `-1`, expected u32", "",
		},
		// What is unused in [net] a program has said.
		{"http.z=1\nnet.z=1", "http://h/api", "Updating `x` index, unused config key `http.z` in `$HOME/config.toml`"},
	} {
		w := newWorld(t, test.config, answer(200, okConfig))
		expect(t, test.config, w.fetch(t), test.want)
		expect(t, test.config, w.masked(strings.Join(w.said, ", ")), test.said)
	}
}

func TestLockOfTheCacheIsWaitedFor(t *testing.T) {
	w := newWorld(t, "", answer(200, okConfig))
	unlock, err := w.lockCache(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	notify := w.Config.Notify
	w.Config.Notify = func(n config.Message) {
		notify(n)
		if n.Verb == "Blocking" {
			unlock()
		}
	}
	expect(t, "API", w.fetch(t), "http://h/api")
	expect(t, "said", strings.Join(w.said, ", "), "Blocking waiting for file lock on package cache, Updating `x` index")
}

func TestLockThatCannotBeOpened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	w := newWorld(t, "", answer(200, okConfig))
	if err := os.Mkdir(filepath.Join(w.home, ".package-cache"), 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, "error", w.fetch(t), "failed to acquire package cache lock | failed to open: $HOME/.package-cache | Is a directory (os error 21)")
}
