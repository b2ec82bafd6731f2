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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
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

// Their order is another than the server's, which net/http does not keep.
//
// differs: header-order
func TestHeadersReachTheProviderInLowerCase(t *testing.T) {
	w := rawWorld(t, "HTTP/1.1 401 No\r\nx-FOO:  a:b \r\nwww-authenticate:cargo LOGIN_URL=\"https://l/\"\r\nBar:\r\nX-Foo: 2\r\nA: \xc3\xa4\r\nB: \xff\r\nContent-Length: 0\r\n\r\n")
	_, err := w.Fetch(t.Context())
	var denied *AuthorizationError
	if !errors.As(err, &denied) {
		t.Fatal(err)
	}
	expect(t, "login URL", denied.LoginURL, "https://l/")
	expect(t, "headers", fmt.Sprintf("%q", w.challenge.Headers),
		`["a: " "bar: " "content-length: 0" "www-authenticate: cargo LOGIN_URL=\"https://l/\"" "x-foo: a:b" "x-foo: 2"]`)
}

func TestMissingAndRejectedTokens(t *testing.T) {
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
		_, err := w.Fetch(t.Context())
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
		if missing := errors.Is(err, registry.ErrNoToken); missing == test.rejected {
			t.Errorf("%s: it is registry.ErrNoToken: %v", test.about, missing)
		}
	}
}

func TestTheErrorForAMissingTokenKeepsTheAdvice(t *testing.T) {
	advice := fmt.Errorf("%w, please log in", registry.ErrNoToken)
	for about, handler := range map[string]http.HandlerFunc{
		"asked for": needsToken, "required for the rest": answer(200, `{"dl":"d","api":"a","auth-required":true}`),
	} {
		w := newWorld(t, "", handler)
		w.Token = func(context.Context, *registry.Challenge) (config.Secret, error) { return config.Secret{}, advice }
		_, err := w.Fetch(t.Context())
		var denied *AuthorizationError
		if !errors.As(err, &denied) || !errors.Is(err, registry.ErrNoToken) || denied.Error() != advice.Error() {
			t.Errorf("%s: got %v", about, err)
		}
	}
}

func TestNoChallengeWithoutARefusal(t *testing.T) {
	w := newWorld(t, "", answer(200, `{"dl":"d","api":"a","auth-required":true}`))
	w.token, w.challenge = "tok", &registry.Challenge{}
	expect(t, "API", w.fetch(t), "a")
	if w.challenge != nil {
		t.Errorf("got %q", w.challenge)
	}
}

func TestARejectedTokenIsSentOnce(t *testing.T) {
	w := newWorld(t, "", answer(401, "no"))
	w.token = "tok"
	for range 2 {
		w.fetch(t)
	}
	expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json, GET /i/config.json with tok, GET /i/config.json with tok")
}

func TestTokenFailureEndsTheFetch(t *testing.T) {
	w := newWorld(t, "", needsToken)
	w.Token = func(context.Context, *registry.Challenge) (config.Secret, error) {
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

func TestNoErrorHoldsTheToken(t *testing.T) {
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
		_, err := w.Fetch(t.Context())
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
		expect(t, about, w.fetch(t), updating+"download of config.json failed | the answer contains the token that was sent")
		if _, err := os.Stat(filepath.Join(w.cacheDir(), configName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: it is cached: %v", about, err)
		}
	}
}

// What a registry tells only those with a token is not for the machine's other users.
//
// differs: cache-is-private
func TestACacheWithMoreThanCargoReadsIsPrivate(t *testing.T) {
	body := ""
	w := newWorld(t, "", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") == "" {
			needsToken(w, req)
			return
		}
		fmt.Fprint(w, body)
	})
	w.token = "tok"
	file := filepath.Join(w.cacheDir(), configName)
	for _, test := range []struct {
		body    string
		private bool
	}{
		{okConfig, false},
		{`{"dl":"d","api":"http://h/api","auth-required":true}`, false},
		{`{"dl":"d","api":"http://h/api","internal":"x"}`, true},
	} {
		body = test.body
		// A damaged file is fetched again.
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

func TestStatuses(t *testing.T) {
	const refused = updating + "failed to get successful HTTP response from `http://HOST/i/config.json` (127.0.0.1), got %d\n%sbody:\n%s"
	for _, test := range []struct {
		code    int
		body    string
		headers []string
		want    string
	}{
		{201, "b", nil, fmt.Sprintf(refused, 201, "", "b")},
		{301, "b", nil, fmt.Sprintf(refused, 301, "", "b")},
		{304, "", nil, fmt.Sprintf(refused, 304, "", "")},
		{400, "b", nil, fmt.Sprintf(refused, 400, "", "b")},
		{403, "a\nb\n", nil, fmt.Sprintf(refused, 403, "", "a\nb\n")},
		{404, "b", nil, updating + "config.json not found"},
		{410, "b", nil, fmt.Sprintf(refused, 410, "", "b")},
		{451, "b", nil, fmt.Sprintf(refused, 451, "", "b")},
		{418, strings.Repeat("äb", 300), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("äb", 255)+"ä…")},
		{418, strings.Repeat("ä", 511), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("ä", 511))},
		{418, strings.Repeat("ä", 512), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("ä", 511)+"…")},
		{418, "x" + strings.Repeat("ä", longestBody/2), nil, fmt.Sprintf(refused, 418, "", "x"+strings.Repeat("ä", 510)+"…")},
		{404, strings.Repeat("x", longestBody+1), nil, updating + "config.json not found"},
		{418, "\xff\xfe", nil, fmt.Sprintf(refused, 418, "", "[2 non-utf8 bytes]")},
		{418, "b", []string{"X-Cache: miss", "X-Cache: hit", "Server: s", "X-Amz-Id-2: i"}, fmt.Sprintf(refused, 418, "debug headers:\nx-amz-id-2: i\nx-cache: miss\n", "b")},
	} {
		w := newWorld(t, "", answer(test.code, test.body, test.headers...))
		expect(t, strconv.Itoa(test.code), w.fetch(t), test.want)
		expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
	}
}

func TestProgressShowsWhileTheNetworkIsAsked(t *testing.T) {
	codes := []int{500, 401, 500, 200}
	w := newWorld(t, "", nil)
	var seen []string
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		seen = append(seen, strconv.Itoa(codes[0]))
		answer(codes[0], okConfig)(rw, req)
		codes = codes[1:]
	})
	w.pause = func(context.Context, time.Duration) error {
		seen = append(seen, "wait")
		return nil
	}
	w.Token = func(context.Context, *registry.Challenge) (config.Secret, error) {
		seen = append(seen, "token")
		return config.NewSecret("t"), nil
	}
	w.Progress = func() func() {
		seen = append(seen, "begin")
		return func() { seen = append(seen, "end") }
	}
	expect(t, "API", w.fetch(t), "http://h/api")
	expect(t, "API from the cache", w.fetch(t), "http://h/api")
	expect(t, "seen", strings.Join(seen, " "), "begin 500 end wait begin 401 end token begin 500 end wait token begin 200 end")
}

func TestLoginURL(t *testing.T) {
	for _, test := range []struct {
		headers []string
		want    string
	}{
		{nil, ""},
		{[]string{`Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`cargo LOGIN_URL="https://l/x"`}, "https://l/x"},
		{[]string{`Basic realm="a"`, `Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Basic realm="a", Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", Basic realm="a"`}, "https://l/x"},
		{[]string{`Basic, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo a=b, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/1", login_url="https://l/2"`}, "https://l/2"},
		{[]string{`Cargo login_url="https://l/1"`, `Cargo login_url="https://l/2"`}, "https://l/2"},
		{[]string{`Cargo login_url="https://l/\"x\\"`}, "https://l/%22x/"},
		{[]string{`Cargo login_url="HTTPS://L:443/../x y"`}, "https://l/x%20y"},
		{[]string{`Cargo login_url ="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url= "https://l/x" , foo=bar`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x",, foo=bar`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x",`}, "https://l/x"},
		{[]string{` ,, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", foo`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", foo bar`}, "https://l/x"},
		{[]string{"Cargo login_url=\"https://l/\tx\""}, "https://l/x"},

		{[]string{`Cargo`}, ""},
		{[]string{`Basic Cargo login_url="https://l/x"`}, ""},
		{[]string{`Basic realm="a, Cargo login_url=https://l/x"`}, ""},
		{[]string{`Basic login_url="https://l/x"`}, ""},

		// differs: login-links
		{[]string{`Negotiate abc==, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Basic realm="é", Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", Basic @`}, "https://l/x"},
		{[]string{`Cargo login_url=https://l/x`}, "https://l/x"},
		{[]string{"Cargo login_url=\"https://l/\x7f\""}, "https://l/%7F"},

		{[]string{`Cargo login_url=foo`}, "invalid url `foo`: it has no scheme, such as `https:`"},
		{[]string{`Cargo login_url=""`}, "invalid url ``: it has no scheme, such as `https:`"},
		{[]string{`Cargo login_url="rel"`, `Cargo login_url="https://l/x"`}, "invalid url `rel`: it has no scheme, such as `https:`"},
	} {
		got, err := findLoginURL(test.headers)
		if err != nil {
			got = err.Error()
		}
		expect(t, fmt.Sprintf("%q", test.headers), got, test.want)
	}
}

func FuzzLoginURL(f *testing.F) {
	for _, seed := range []string{
		`Cargo login_url="https://l/\"x"`, `Basic realm="a", Cargo login_url=x, b="`, `Negotiate abc==, Cargo`, ` ,,Cargo a = b ,`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		found, err := findLoginURL([]string{header})
		if err != nil || found == "" {
			return
		}
		if _, err := weburl.Parse(found); err != nil {
			t.Fatalf("%q gives %q: %v", header, found, err)
		}
		if strings.ContainsFunc(found, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q gives %q", header, found)
		}
	})
}
