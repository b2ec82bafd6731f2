package index

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatuses(t *testing.T) {
	const refused = "download of config.json failed | failed to get successful HTTP response from `http://HOST/i/config.json` (127.0.0.1), got %d\n%sbody:\n%s"
	for _, test := range []struct {
		code    int
		body    string
		headers []string
		want    string
	}{
		{201, "b", nil, fmt.Sprintf(refused, 201, "", "b")},
		{301, "b", nil, fmt.Sprintf(refused, 301, "", "b")},
		{304, "", nil, "server said not modified (HTTP 304) when no local cache exists"},
		{400, "b", nil, fmt.Sprintf(refused, 400, "", "b")},
		{403, "a\nb\n", nil, fmt.Sprintf(refused, 403, "", "a\nb\n")},
		{404, "b", nil, "config.json not found in registry"},
		{410, "b", nil, "config.json not found in registry"},
		{451, "b", nil, "config.json not found in registry"},
		{418, strings.Repeat("äb", 300), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("äb", 255)+"ä…")},
		{418, strings.Repeat("ä", 511), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("ä", 511))},
		{418, strings.Repeat("ä", 512), nil, fmt.Sprintf(refused, 418, "", strings.Repeat("ä", 511)+"…")},
		{418, "x" + strings.Repeat("ä", longestBody/2), nil, fmt.Sprintf(refused, 418, "", "x"+strings.Repeat("ä", 510)+"…")},
		{404, strings.Repeat("x", longestBody+1), nil, "config.json not found in registry"},
		{418, "\xff\xfe", nil, fmt.Sprintf(refused, 418, "", "[2 non-utf8 bytes]")},
		{418, "b", []string{"X-Cache: miss", "Server: s"}, fmt.Sprintf(refused, 418, "debug headers:\nX-Cache: miss\n", "b")},
	} {
		w := newWorld(t, "", answer(test.code, test.body, test.headers...))
		expect(t, strconv.Itoa(test.code), w.fetch(t), test.want)
		expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
	}
}

func TestRetries(t *testing.T) {
	const (
		again  = "spurious network error (%d %s remaining): failed to get successful HTTP response from `http://HOST/i/config.json` (127.0.0.1), got %d\nbody:\nb"
		second = time.Second
	)
	for _, test := range []struct {
		about, config string
		codes         []int
		headers       []string
		waits         []time.Duration // 0 is the first wait, which has an element of chance
		want          string
	}{
		{"once", "", []int{500, 200}, nil, []time.Duration{0}, "http://h/api"},
		{"three times", "", []int{500, 502, 429, 200}, nil, []time.Duration{0, 3500 * time.Millisecond, 6500 * time.Millisecond}, "http://h/api"},
		{"too often", "net.retry=1", []int{503}, nil, []time.Duration{0}, "got 503"},
		{"never", "net.retry=0", []int{503}, nil, nil, "got 503"},
		{"as told", "", []int{429, 503, 200}, []string{"Retry-After: 7"}, []time.Duration{7 * second, 7 * second}, "http://h/api"},
		{"within bounds", "", []int{429, 200}, []string{"Retry-After: 700"}, []time.Duration{10 * second}, "http://h/api"},
		{"not for 500", "", []int{500, 200}, []string{"Retry-After: 7"}, []time.Duration{0}, "http://h/api"},
		{"at a date", "", []int{503, 200}, []string{"Retry-After: Wed, 01 Jan 2025 00:00:05 GMT"}, []time.Duration{5 * second}, "http://h/api"},
		{"at a date gone by", "", []int{503, 200}, []string{"Retry-After: Wed, 01 Jan 2020 00:00:05 GMT"}, []time.Duration{0}, "http://h/api"},
		{"at no date", "", []int{503, 200}, []string{"Retry-After: -1"}, []time.Duration{0}, "http://h/api"},
	} {
		t.Run(test.about, func(t *testing.T) {
			n := 0
			w := newWorld(t, test.config, func(rw http.ResponseWriter, req *http.Request) {
				code := test.codes[min(n, len(test.codes)-1)]
				n++
				if code == 200 {
					fmt.Fprint(rw, okConfig)
					return
				}
				answer(code, "b", test.headers...)(rw, req)
			})
			w.Now = func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
			if got := w.fetch(t); !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			for i, wait := range w.waits {
				if i < len(test.waits) && test.waits[i] == 0 && wait >= 500*time.Millisecond && wait < 1500*time.Millisecond {
					w.waits[i] = 0
				}
			}
			expect(t, "waits", fmt.Sprint(w.waits), fmt.Sprint(test.waits))
			left := 3
			if test.config != "" {
				left = 1
			}
			for i := range test.waits {
				tries := "tries"
				if left-i == 1 {
					tries = "try"
				}
				expect(t, "warning", w.masked(w.said[1+i]), fmt.Sprintf(again, left-i, tries, test.codes[i]))
			}
		})
	}
}

func TestNoRetryAfterTheEnd(t *testing.T) {
	w := newWorld(t, "", answer(500, ""))
	ctx, cancel := context.WithCancel(t.Context())
	w.pause = nil
	w.Config.Notify = nil
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(500)
		cancel()
	})
	if _, err := w.Fetch(ctx, w.target(t)); err == nil {
		t.Error("no error")
	}
}

func TestRedirects(t *testing.T) {
	for _, test := range []struct{ location, want string }{
		{"/j", "http://h/api"},
		{"../j k?q#f", "http://h/api"},
		{"file:///etc/passwd", `[1] Unsupported protocol (Protocol "file" disabled (in redirect))`},
		{"gopher://h/", "[1] Unsupported protocol (The redirect target URL could not be parsed: Unsupported URL scheme)"},
		{"http://[x", "[3] URL using bad/illegal format or missing URL (The redirect target URL could not be parsed: Bad IPv6 address)"},
		{"http://", "[3] URL using bad/illegal format or missing URL (The redirect target URL could not be parsed: No host part in the URL)"},
		{"/i/config.json", "[47] Number of redirects hit maximum amount (Maximum (30) redirects followed)"},
	} {
		w := newWorld(t, "", func(rw http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/i/config.json" {
				rw.Header().Set("Location", test.location)
				rw.WriteHeader(399)
				return
			}
			fmt.Fprint(rw, okConfig)
		})
		if got := w.fetch(t); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.location, got, test.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	compressed := func(w io.WriteCloser, b *bytes.Buffer) string {
		_, _ = io.WriteString(w, okConfig)
		w.Close()
		return b.String()
	}
	var zipped, deflated, bomb bytes.Buffer
	gz := compressed(gzip.NewWriter(&zipped), &zipped)
	zl := compressed(zlib.NewWriter(&deflated), &deflated)
	boom := gzip.NewWriter(&bomb)
	_, _ = boom.Write(make([]byte, longestBody+1))
	boom.Close()
	const (
		bad        = "[61] Unrecognized or bad HTTP Content or Transfer-Encoding "
		processing = bad + "(Error while processing content unencoding: "
	)
	for _, test := range []struct{ encoding, body, want string }{
		{"gzip", gz, "http://h/api"},
		{"x-gzip", gz, "http://h/api"},
		{"deflate", zl, "http://h/api"},
		{"deflate", zl[2 : len(zl)-4], "http://h/api"},
		{"identity", okConfig, "http://h/api"},
		{"gzip, , identity", gz, "http://h/api"},
		{"gzip", gz[:len(gz)-8], "http://h/api"},
		{"deflate", zl[:len(zl)-4], "http://h/api"},
		{"gzip", gz[:5], "EOF while parsing a value at line 1 column 0"},
		{"gzip", "", "EOF while parsing a value at line 1 column 0"},
		{"gzip", gz + "x", "[23] Failed writing received data to disk/application"},
		{"gzip", gz + gz, "[23] Failed writing received data to disk/application"},
		{"deflate", zl + "x", "[23] Failed writing received data to disk/application"},
		{"gzip", "xxxxxxxxxxxxxxx", processing + "incorrect header check)"},
		{"gzip", "\x1f\x8b\x07" + gz[3:], processing + "unknown compression method)"},
		{"gzip", "\x1f\x8b\x08\xe0" + gz[4:], processing + "unknown header flags set)"},
		{"gzip", gz[:len(gz)-8] + "12345678", processing + "incorrect data check)"},
		{"deflate", zl[:len(zl)-4] + "1234", processing + "incorrect data check)"},
		// differs: http-client
		{"gzip", gz[:10] + strings.Repeat("\xff", 20), processing + "invalid data)"},
		{"gzip, gzip, gzip, gzip, gzip, identity", gz, bad + "(Reject response due to more than 5 content encodings)"},
		{"deflate", "\x78\x9c" + strings.Repeat("\x00\x00\x00\xff\xff", longestBody/5+1), "[63] Exceeded the maximum allowed file size (more than 8388608 bytes)"},
		{"br", okConfig, bad + "(Unrecognized content encoding type. libcurl understands deflate, gzip content encodings.)"},
		// differs: bounded-answers
		{"gzip", bomb.String(), "[63] Exceeded the maximum allowed file size (more than 8388608 bytes)"},
		{"", strings.Repeat("x", longestBody+1), "[63] Exceeded the maximum allowed file size (more than 8388608 bytes)"},
	} {
		w := newWorld(t, "", answer(200, test.body, "Content-Encoding: "+test.encoding))
		if got := w.fetch(t); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.encoding, got, test.want)
		}
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	w := newWorld(t, "net.retry=1", answer(200, okConfig))
	target := targetAt(t, fmt.Sprintf("sparse+http://127.0.0.1:%d/", port))
	reason := fmt.Sprintf("[7] Could not connect to server (Failed to connect to 127.0.0.1 port %d after N ms: Could not connect to server)", port)
	expect(t, "error", w.fetchFrom(t, target),
		fmt.Sprintf("download of config.json failed | failed to download from `http://127.0.0.1:%d/config.json` | %s", port, reason))
	expect(t, "warning", w.masked(w.said[1]), "spurious network error (1 try remaining): "+reason)

	w = newWorld(t, "net.retry=0", answer(200, okConfig))
	w.dial = func(context.Context, string, string) (net.Conn, error) { return nil, &net.DNSError{IsNotFound: true} }
	expect(t, "error", w.fetchFrom(t, targetAt(t, "sparse+http://no.such/")), "download of config.json failed | "+
		"failed to download from `http://no.such/config.json` | [6] Could not resolve hostname (Could not resolve host: no.such)")
}

func TestSilenceEnds(t *testing.T) {
	for _, test := range []struct {
		about, config string
		talk          func(net.Conn)
		want          string
		after         time.Duration
	}{
		{
			"no answer", "", func(net.Conn) {},
			"[28] Timeout was reached (Operation too slow. Less than 10 bytes/sec transferred the last 30 seconds)", 30 * time.Second,
		},
		{
			"a slow answer", "http.timeout=3\nhttp.low-speed-limit=5", drip(time.Second, " "),
			"[28] Timeout was reached (Operation too slow. Less than 5 bytes/sec transferred the last 3 seconds)", 3 * time.Second,
		},
		{
			"a slow head", "http.timeout=3", drip(time.Second/10, "HTTP/1.1 103 Early\r\nx: yyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n"),
			"[28] Timeout was reached (Operation too slow. Less than 10 bytes/sec transferred the last 3 seconds)", 3 * time.Second,
		},
		{
			"a slow answer without end", "http.timeout=3\nhttp.low-speed-limit=1", drip(time.Second/2, " "),
			"[28] Timeout was reached (Operation timed out after N milliseconds)", 60 * time.Second,
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			home := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &world{home: home, server: &httptest.Server{URL: "http://host.test"}}
				w.configure(t, "net.retry=0\n"+test.config)
				w.dial = func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go func() {
						if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
							test.talk(far)
						}
					}()
					return pipeConn{near}, nil
				}
				start := time.Now()
				if got := w.fetch(t); !strings.HasSuffix(got, test.want) {
					t.Errorf("\n got %s\nwant %s", got, test.want)
				}
				if took := time.Since(start); took < test.after || took > test.after+2*time.Second {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Minute) // until the server has noticed
			})
		})
	}
}

// drip returns a server that sends a head and then the same again and again.
func drip(every time.Duration, what string) func(net.Conn) {
	return func(conn net.Conn) {
		start := "HTTP/1.1 200 OK\r\n\r\n"
		if what != " " {
			start = what
		}
		if _, err := io.WriteString(conn, start); err != nil {
			return
		}
		for {
			time.Sleep(every)
			if _, err := io.WriteString(conn, what); err != nil {
				return
			}
		}
	}
}

// pipeConn is a pipe with an address.
type pipeConn struct{ net.Conn }

func (pipeConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
