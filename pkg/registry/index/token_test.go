package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// needsToken answers 401 without a token.
func needsToken(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Authorization") == "" {
		answer(401, "", `WWW-Authenticate: Cargo login_url="https://log.in/me"`)(w, req)
		return
	}
	fmt.Fprint(w, okConfig)
}

func TestFetchRepeatsWithToken(t *testing.T) {
	w := newWorld(t, "", needsToken)
	w.token = "tok"
	expect(t, "API", w.fetch(t), "http://h/api")
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok")
}

// The order is not that of the server, which net/http does not know.
//
// differs: header-order
func TestHeadersReachTheProviderInLowerCase(t *testing.T) {
	w := rawWorld(t, "HTTP/1.1 401 No\r\nx-FOO:  a:b \r\nwww-authenticate:cargo LOGIN_URL=\"https://l/\"\r\nBar:\r\nX-Foo: 2\r\nA: \xc3\xa4\r\nB: \xff\r\nContent-Length: 0\r\n\r\n")
	_, err := w.Fetch(t.Context(), w.target(t))
	var denied *AuthorizationError
	if !errors.As(err, &denied) {
		t.Fatal(err)
	}
	expect(t, "login URL", denied.LoginURL, "https://l/")
	expect(t, "headers", fmt.Sprintf("%q", w.headers),
		`["a: " "bar: " "content-length: 0" "www-authenticate: cargo LOGIN_URL=\"https://l/\"" "x-foo: a:b" "x-foo: 2"]`)
}

func TestMissingAndRefusedTokensAreToldApart(t *testing.T) {
	refusing := answer(401, "no", `WWW-Authenticate: Cargo login_url="https://log.in/me"`)
	for _, test := range []struct {
		about, token string
		handler      http.HandlerFunc
		rejected     bool
		loginURL     string
		text         string
	}{
		{"missing", "", needsToken, false, "https://log.in/me", updating + "no token found for `x`"},
		{"refused", "tok", refusing, true, "https://log.in/me", updating + "token rejected for `x` | " +
			"failed to get successful HTTP response from `http://HOST/i/config.json` (127.0.0.1), got 401\nbody:\nno"},
		{"required for the rest", "", answer(200, `{"dl":"d","api":"a","auth-required":true}`), false, "", "no token found for `x`"},
	} {
		w := newWorld(t, "", test.handler)
		w.token = test.token
		_, err := w.Fetch(t.Context(), w.target(t))
		var denied *AuthorizationError
		if !errors.As(err, &denied) {
			t.Errorf("%s: got %v", test.about, err)
			continue
		}
		expect(t, test.about, w.masked(chain(err)), test.text)
		expect(t, test.about, denied.LoginURL, test.loginURL)
		if denied.Rejected != test.rejected {
			t.Errorf("%s: rejected is %v", test.about, denied.Rejected)
		}
	}
}

func TestHeadersAreNilOnlyWithoutRefusal(t *testing.T) {
	w := newWorld(t, "", answer(200, `{"dl":"d","api":"a","auth-required":true}`))
	w.token, w.headers = "tok", []string{"x"}
	expect(t, "API", w.fetch(t), "a")
	if w.headers != nil {
		t.Errorf("got headers %q", w.headers)
	}
}

func TestTokenFailureEndsTheFetch(t *testing.T) {
	w := newWorld(t, "", needsToken)
	w.Token = func(_ context.Context, _ []string) (config.Secret, error) {
		return config.Secret{}, errors.New("no provider")
	}
	expect(t, "error", w.fetch(t), updating+"no provider")
}

func TestTokenStaysWithItsHost(t *testing.T) {
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		elsewhere = append(elsewhere, req.URL.Path+req.Header.Get("Authorization")+req.Header.Get("Referer"))
		fmt.Fprint(w, okConfig)
	}))
	defer other.Close()
	w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.Header.Get("Authorization") == "":
			w.WriteHeader(401)
		case req.URL.Path == "/i/config.json":
			http.Redirect(w, req, "/here", http.StatusFound)
		default:
			http.Redirect(w, req, other.URL+"/there", http.StatusTemporaryRedirect)
		}
	})
	w.token = "tok"
	expect(t, "API", w.fetch(t), "http://h/api")
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, GET /here with tok")
	expect(t, "requests elsewhere", strings.Join(elsewhere, ", "), "/there")
}

func TestTokenIsNoPartOfAnyError(t *testing.T) {
	w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") == "" {
			w.WriteHeader(401)
			return
		}
		w.WriteHeader(418)
	})
	w.token = "sesame"
	if got := w.fetch(t); strings.Contains(got, "sesame") {
		t.Errorf("got %s", got)
	}
}

// differs: token-sent-back
func TestATokenThatIsSentBackIsNotShown(t *testing.T) {
	for _, code := range []int{401, 403, 418} {
		w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
			if token := req.Header.Get("Authorization"); token != "" {
				answer(code, "what is "+token+"?", "X-Amz-Cf-Id: "+token, `WWW-Authenticate: Cargo login_url="https://log.in/me"`)(w, req)
				return
			}
			needsToken(w, req)
		})
		w.token = "s3cr3t-token"
		_, err := w.Fetch(t.Context(), w.target(t))
		if err == nil || strings.Contains(err.Error(), "s3cr3t-token") || !strings.Contains(err.Error(), "what is REDACTED?") {
			t.Errorf("%d: the error is %v", code, err)
		}
	}
}

// differs: token-sent-back
func TestAConfigurationThatHoldsItsTokenIsRefused(t *testing.T) {
	const token = "s3cr3t/t0ken"
	for about, body := range map[string]string{
		"as it is":           `{"dl":"d","api":"http://h/s3cr3t/t0ken"}`,
		"in escapes of JSON": `{"dl":"d","api":"http://h/\u00733cr3t\/t0ken"}`,
		"in escapes of URLs": `{"dl":"d","api":"http://h/?s3cr3t%2Ft0ken"}`,
		"as a field":         `{"dl":"d","api":"http://h/","s3cr3t/t0ken":1}`,
		"deep inside":        `{"dl":"d","api":"http://h/","more":[{"x":["s3cr3t/t0\u006ben"]}]}`,
	} {
		w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
			if req.Header.Get("Authorization") == "" {
				needsToken(w, req)
				return
			}
			fmt.Fprint(w, body)
		})
		w.token = token
		expect(t, about, w.fetch(t), updating+"download of config.json failed | the registry sends back the token that it was asked with")
		if _, err := os.Stat(filepath.Join(w.cacheDir(w.target(t).Source), configName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: it is cached: %v", about, err)
		}
	}
}

// What only those with a token are told is not for other users of the machine.
//
// differs: cache-is-private
func TestTheCacheOfMoreThanCargoReadsIsPrivate(t *testing.T) {
	body := ""
	w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") == "" {
			needsToken(w, req)
			return
		}
		fmt.Fprint(w, body)
	})
	w.token = "tok"
	file := filepath.Join(w.cacheDir(w.target(t).Source), configName)
	for _, test := range []struct {
		body    string
		private bool
	}{
		{okConfig, false},
		{`{"dl":"d","api":"http://h/api","auth-required":true}`, false},
		{`{"dl":"d","api":"http://h/api","internal":"x"}`, true},
	} {
		body = test.body
		// What is damaged is written again.
		_ = os.WriteFile(file, nil, 0o666)
		expect(t, "API", w.fetch(t), "http://h/api")
		got, _ := os.ReadFile(file)
		expect(t, "cached", string(got), test.body)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		ordinary, err := os.Create(filepath.Join(w.home, "ordinary"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := ordinary.Stat()
		if err != nil {
			t.Fatal(err)
		}
		ordinary.Close()
		mode := want.Mode().Perm()
		if test.private && runtime.GOOS != "windows" {
			mode = 0o600
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s: the mode is %v, want %v", test.body, info.Mode(), mode)
		}
	}
}
