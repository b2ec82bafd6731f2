package index

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
)

// crates is an index that has a crate hello, and that wants a token for
// everything if a path is not open.
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

// crate shows what comes of asking for a crate.
func (w *world) crate(t *testing.T, name string) string {
	t.Helper()
	text, err := w.Crate(t.Context(), w.target(t), name)
	if err != nil {
		return w.masked(chain(err))
	}
	return string(text)
}

func TestCrateIsAskedForWithTheTokenThatTheIndexRequires(t *testing.T) {
	w := newWorld(t, "", crates(`,"auth-required":true`, ""))
	w.token = "tok"
	for range 2 {
		expect(t, "crate", w.crate(t, "Hello"), "{\"name\":\"hello\"}\n")
	}
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, "+
		"GET /i/he/ll/hello with tok, GET /i/he/ll/hello with tok")
	expect(t, "said", strings.Join(w.said, ", "), "Updating `x` index")
	if !strings.Contains(strings.Join(w.headers, "\n"), "https://log.in/me") {
		t.Errorf("the second token was asked for with %q, not with the registry's challenge", w.headers)
	}
}

func TestCrateIsAskedForWithoutATokenThatTheIndexDoesNotRequire(t *testing.T) {
	w := newWorld(t, "", crates("", ""))
	w.token = "tok"
	expect(t, "crate", w.crate(t, "hello"), "failed to get successful HTTP response from `http://HOST/i/he/ll/hello` (127.0.0.1), got 401\nbody:\nno")
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, GET /i/he/ll/hello")
}

func TestCrateOfAnIndexKnownToRequireATokenNeedsAConfiguredProvider(t *testing.T) {
	w := newWorld(t, "", crates(`,"auth-required":true`, "/i/config.json"))
	expect(t, "without a token", w.crate(t, "hello"), "no token found for `x`")
	if w.headers == nil {
		t.Error("the token was asked for with nil, as if no provider had to be configured")
	}
	w.token = "old"
	expect(t, "with a wrong one", w.crate(t, "hello"), "token rejected for `x` | "+
		"failed to get successful HTTP response from `http://HOST/i/he/ll/hello` (127.0.0.1), got 401\nbody:\nno")
}

func TestCrateThatIsNotThere(t *testing.T) {
	w := newWorld(t, "", crates("", "/i/config.json"))
	w.server.Config.Handler = http.NotFoundHandler()
	_, err := w.Crate(t.Context(), w.target(t), "hello")
	expect(t, "no index", err.Error(), "failed to update registry `x`: config.json not found")
	w.server.Config.Handler = answer(200, okConfig)
	expect(t, "name", w.crate(t, "../hello"), "no crate in an index has the name `../hello`")
	w.fetch(t)
	w.server.Config.Handler = http.NotFoundHandler()
	_, err = w.Crate(t.Context(), w.target(t), "hello")
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
