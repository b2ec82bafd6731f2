package index

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// world is a client with a home of its own and a registry on loopback. It records
// messages, waits and requests.
type world struct {
	*Client
	home      string
	server    *httptest.Server
	said      []string
	waits     []time.Duration
	asked     []string            // the requests, as "GET /path" or "GET /path with token"
	challenge *registry.Challenge // with which a token was asked for
	token     string
}

// updating begins every error about loading a config.json.
const updating = "failed to update registry `x` | "

const okConfig = `{"dl":"http://h/dl","api":"http://h/api"}`

// newWorld returns a world whose registry answers with handler, and whose home has
// a config.toml.
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
		Registry:  registryAt(t, "sparse+"+w.server.URL+"/i/"),
		UserAgent: "test/1",
		Token: func(_ context.Context, challenge *registry.Challenge) (config.Secret, error) {
			w.challenge = challenge
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

func registryAt(t *testing.T, index string) registry.Registry {
	t.Helper()
	r, err := registry.New("x", index)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fetch fetches the index of x and returns the URL of its API, or the layers of the
// error.
func (w *world) fetch(t *testing.T) string {
	t.Helper()
	c, err := w.Fetch(t.Context())
	if err != nil {
		return w.masked(chain(err))
	}
	return *c.API
}

// fetchFrom is fetch with another index URL.
func (w *world) fetchFrom(t *testing.T, index string) string {
	t.Helper()
	w.Registry = registryAt(t, index)
	return w.fetch(t)
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

	dir := w.cacheDir()
	cached, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "cache", string(cached), okConfig)
}

func TestDamagedCacheIsFetchedAgain(t *testing.T) {
	for _, damaged := range []string{"", "{", "{}", "null"} {
		w := newWorld(t, "", answer(200, okConfig))
		dir := w.cacheDir()
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

// Like Cargo it writes over a cached file, and does not replace it.
func TestACachedFileIsNotReplaced(t *testing.T) {
	w := newWorld(t, "", answer(200, okConfig))
	file := filepath.Join(w.cacheDir(), configName)
	if err := os.MkdirAll(file, 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, "API", w.fetch(t), "http://h/api")
	if info, err := os.Stat(file); err != nil || !info.IsDir() {
		t.Errorf("the directory in place of the file is gone: %v", err)
	}
}

func TestOfflineUsesNoNetwork(t *testing.T) {
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
			writeCache(filepath.Join(w.cacheDir(), configName), []byte(test.cached), 0o666)
		}
		expect(t, test.about, w.fetch(t), test.want)
		expect(t, test.about, strings.Join(append(w.asked, w.said...), ", "), "")
	}
}

func TestFetchReportsWrongSettings(t *testing.T) {
	const versions = "Invalid ssl version `v`,choose from 'default', 'tlsv1', 'tlsv1.0', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'."
	for _, test := range []struct{ config, want, said string }{
		{"http.timeout='x'", updating + "error in $HOME/config.toml: `http.timeout` expected an integer, but found a string", "Updating `x` index"},
		{"http.ssl-version='v'", updating + versions, "Updating `x` index"},
		{"http.ssl-version.max='v'", updating + versions, "Updating `x` index"},
		{"net.offline='x'", updating + "error in $HOME/config.toml: `net.offline` expected true/false, but found a string", ""},
		{
			"net.retry=-1", updating + "error in $HOME/config.toml: could not load config key `net.retry` | -1 is out of range", "",
		},
		// The program has warned of unused keys in [net].
		{"http.z=1\nnet.z=1", "http://h/api", "Updating `x` index, unused config key `http.z` in `$HOME/config.toml`"},
	} {
		w := newWorld(t, test.config, answer(200, okConfig))
		expect(t, test.config, w.fetch(t), test.want)
		expect(t, test.config, w.masked(strings.Join(w.said, ", ")), test.said)
	}
}

func TestFetchWaitsForTheLockOfTheCache(t *testing.T) {
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

func TestALockThatCannotBeOpened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	w := newWorld(t, "", answer(200, okConfig))
	if err := os.Mkdir(filepath.Join(w.home, ".package-cache"), 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, "error", w.fetch(t), "failed to acquire package cache lock | failed to open: $HOME/.package-cache | Is a directory (os error 21)")
}

func TestParseConfig(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"dl":"d"}`, "d, no API, false"},
		{` {"auth-required":true,"api":"a","dl":"d"} `, "d, a, true"},
		{`{"dl":"d","api":null,"v":[1,{"x":[]},"\u12ff",-0.5e+9,{}],"w":1e999}`, "d, no API, false"},
		{`{"dl":"d","API":"x","auth_required":true}`, "d, no API, false"},
		{`{"dl":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"}`, "\"\\/\b\f\n\r\tä😀, no API, false"},

		{``, "the text is empty"},
		{`{}`, "the field `dl` is missing"},
		{`{"DL":"d"}`, "the field `dl` is missing"},
		{`{"dl":1}`, "the field `dl` is not a string"},
		{`{"dl":null}`, "the field `dl` is not a string"},
		{`{"dl":"d","api":7}`, "the field `api` is not a string"},
		{`{"dl":"d","api":{"a":1}}`, "the field `api` is not a string"},
		{`{"dl":"d","auth-required":1}`, "the field `auth-required` is not true or false"},
		{`{"dl":"d","auth-required":null}`, "the field `auth-required` is not true or false"},
		{`{"dl":"d","dl":"e"}`, "the field `dl` occurs twice"},
		{`{"dl":"d","api":"x"`, "unexpected end of JSON input"},
		{`{"dl":"d","api":"x"} x`, "invalid character 'x' after top-level value"},
		{`{"dl":01}`, "invalid character '1' after object key:value pair"},
		{"{\"dl\":\"\xff\"}", "the text is not valid UTF-8"},
		{"\ufeff{}", "invalid character 'ï' looking for beginning of value"},
		{`["d","a",true]`, "the text is not a JSON object"},
		{`null`, "the text is not a JSON object"},
	} {
		got, _, err := parseConfig([]byte(test.text))
		shown := strings.TrimPrefix(fmt.Sprint(err), "config.json: ")
		if err == nil {
			api := "no API"
			if got.API != nil {
				api = *got.API
			}
			shown = fmt.Sprintf("%s, %s, %t", got.Download, api, got.AuthRequired)
		}
		if shown != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.text, shown, test.want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		okConfig, `["d","a",true]`, `{"dl":"\ud83d\ude00","x":[{"y":-1.5e3},null],"api":null}`, `{"dl":"d","auth-required":1}`, "[[[[{",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, _, err := parseConfig(data); err == nil && !json.Valid(data) {
			t.Fatalf("%q is accepted as %+v", data, config)
		}
	})
}

// Each line of the file is an index URL, a tab, and the directory in which Cargo 1.99
// caches that index. With other names, the two programs could not share the cache.
func TestCacheNamesAreCargos(t *testing.T) {
	f, err := os.Open("testdata/cachenames.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		index, want, _ := strings.Cut(lines.Text(), "\t")
		r, err := registry.New("x", index)
		if err != nil {
			t.Errorf("%s: %v", index, err)
		} else if got := cacheName(r); got != want {
			t.Errorf("%s: got %s, want %s", index, got, want)
		}
	}
}

// crates is an index with a crate hello. It asks for a token for every path except
// the open one.
func crates(required, open string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		switch path := req.URL.Path; {
		case req.Header.Get("Authorization") != "tok" && path != open:
			answer(401, "no", `WWW-Authenticate: Cargo login_url="https://log.in/me"`)(w, req)
		case path == "/i/config.json":
			fmt.Fprintf(w, `{"dl":"d"%s}`, required)
		case path == "/i/he/ll/hello":
			fmt.Fprintln(w, `{"name":"hello"}`)
		default:
			http.NotFound(w, req)
		}
	}
}

// crate returns what the index says of a crate, or the layers of the error.
func (w *world) crate(t *testing.T, name string) string {
	t.Helper()
	text, err := w.Crate(t.Context(), name)
	if err != nil {
		return w.masked(chain(err))
	}
	return string(text)
}

func TestCrateSendsTheTokenThatTheIndexRequires(t *testing.T) {
	w := newWorld(t, "", crates(`,"auth-required":true`, ""))
	w.token = "tok"
	for range 2 {
		expect(t, "crate", w.crate(t, "Hello"), "{\"name\":\"hello\"}\n")
	}
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, "+
		"GET /i/he/ll/hello with tok, GET /i/he/ll/hello with tok")
	expect(t, "said", strings.Join(w.said, ", "), "Updating `x` index")
	if !strings.Contains(fmt.Sprint(w.challenge), "https://log.in/me") {
		t.Errorf("the second token was asked for with %q, not with the registry's challenge", w.challenge)
	}
}

func TestCrateSendsNoTokenThatTheIndexDoesNotRequire(t *testing.T) {
	w := newWorld(t, "", crates("", ""))
	w.token = "tok"
	expect(t, "crate", w.crate(t, "hello"), "failed to get successful HTTP response from `http://HOST/i/he/ll/hello` (127.0.0.1), got 401\nbody:\nno")
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, GET /i/he/ll/hello")
}

func TestCrateNeedsAConfiguredProviderForARequiredToken(t *testing.T) {
	w := newWorld(t, "", crates(`,"auth-required":true`, "/i/config.json"))
	expect(t, "without a token", w.crate(t, "hello"), "no token found for `x`")
	if w.challenge == nil {
		t.Error("the token was asked for with nil, as if no provider had to be configured")
	}
	w.token = "old"
	expect(t, "with a wrong one", w.crate(t, "hello"), "token rejected for `x` | "+
		"failed to get successful HTTP response from `http://HOST/i/he/ll/hello` (127.0.0.1), got 401\nbody:\nno")
}

func TestACrateThatDoesNotExist(t *testing.T) {
	w := newWorld(t, "", crates("", "/i/config.json"))
	w.server.Config.Handler = http.NotFoundHandler()
	_, err := w.Crate(t.Context(), "hello")
	expect(t, "no index", err.Error(), "failed to update registry `x`: config.json not found")
	w.server.Config.Handler = answer(200, okConfig)
	expect(t, "name", w.crate(t, "../hello"), "a crate cannot have the name `../hello`")
	w.fetch(t)
	w.server.Config.Handler = http.NotFoundHandler()
	_, err = w.Crate(t.Context(), "hello")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an fs.ErrNotExist", err)
	}
}

func TestCratePaths(t *testing.T) {
	for name, want := range map[string]string{
		"A": "1/a", "ab": "2/ab", "abc": "3/a/abc", "serde": "se/rd/serde", "Serde_JSON": "se/rd/serde_json",
	} {
		if got, err := cratePath(name); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
	}
}
