package index

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
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
	const refused = updating + "failed to get successful HTTP response from `http://HOST/i/config.json` (127.0.0.1), got %d\n%sbody:\n%s"
	for _, test := range []struct {
		code    int
		body    string
		headers []string
		want    string
	}{
		{201, "b", nil, fmt.Sprintf(refused, 201, "", "b")},
		{301, "b", nil, fmt.Sprintf(refused, 301, "", "b")},
		{304, "", nil, updating + "the registry says that config.json has not been modified (HTTP 304), but it has never been sent"},
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
	w.Config = w.Config.Quiet()
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
		{"file:///etc/passwd", "`file` is not http or https"},
		{"gopher://h/", "`gopher` is not http or https"},
		{"http://[x", "the registry redirects to what is no URL"},
		{"http://", "the registry redirects to what is no URL"},
		{"/i/config.json", "the registry redirects more than 30 times"},
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
		bad     = "the answer's encoding cannot be undone: "
		tooLong = "the answer has more than 8388608 bytes"
		noJSON  = "config.json: the text is empty"
	)
	for _, test := range []struct{ encoding, body, want string }{
		{"gzip", gz, "http://h/api"},
		{"x-gzip", gz, "http://h/api"},
		{"deflate", zl, "http://h/api"},
		{"deflate", zl[2 : len(zl)-4], "http://h/api"},
		{"deflate", zl[2:], "http://h/api"},
		{"deflate", zl[2:] + "x", bad + "more follows its end"},
		{"deflate", zl + "x", bad + "more follows its end"},
		{"gzip", gz + "x", bad + "more follows its end"},
		{"gzip", gz + gz, bad + "more follows its end"},
		{"identity", okConfig, "http://h/api"},
		{"gzip, , identity", gz, "http://h/api"},
		{"gzip", gz[:len(gz)-8], "http://h/api"},
		{"deflate", zl[:len(zl)-4], "http://h/api"},
		{"gzip", gz[:5], bad + "unexpected EOF"},
		{"gzip", "", noJSON},
		{"gzip", "xxxxxxxxxxxxxxx", bad + "gzip: invalid header"},
		{"gzip", gz[:len(gz)-8] + "12345678", bad + "gzip: invalid checksum"},
		{"deflate", zl[:len(zl)-4] + "1234", bad + "zlib: invalid checksum"},
		{"gzip", gz[:10] + strings.Repeat("\xff", 20), bad + "flate: corrupt input before offset 1"},
		{strings.Repeat("identity,", mostEncodings), okConfig, "http://h/api"},
		{strings.Repeat("identity,", mostEncodings+1), okConfig, "the answer is encoded more than 5 times"},
		{"br", okConfig, bad + "it is neither gzip nor deflate"},
		// differs: bounded-answers
		{"deflate", "\x78\x9c" + strings.Repeat("\x00\x00\x00\xff\xff", longestBody/5+1), tooLong},
		{"gzip", bomb.String(), tooLong},
		{"", strings.Repeat("x", longestBody+1), tooLong},
	} {
		w := newWorld(t, "", answer(200, test.body, "Content-Encoding: "+test.encoding))
		if got := w.fetch(t); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.encoding, got, test.want)
		}
	}
}

// A body of empty blocks takes long to decode and decodes to nothing.
func TestTheDeadlineReachesDecoding(t *testing.T) {
	body := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + strings.Repeat("\x00\x00\x00\xff\xff", longestBody/5-2))
	for range mostEncodings - 1 {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body)
		w.Close()
		body = b.Bytes()
	}
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	ends := &endsInTime{ctx, func() { cancel(reason) }, 1000}
	_, err := decode(ends, body, []string{strings.Repeat("gzip,", mostEncodings)}, true)
	if err != reason || ends.looks < -5 {
		t.Errorf("got %v after %d more looks at the context", err, -ends.looks)
	}
}

// endsInTime is a context that ends when it has been looked at so often.
type endsInTime struct {
	context.Context
	end   func()
	looks int
}

func (c *endsInTime) Err() error {
	if c.looks--; c.looks == 0 {
		c.end()
	}
	return c.Context.Err()
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
	reason := fmt.Sprintf("no connection to 127.0.0.1:%d: connection refused", port)
	expect(t, "error", w.fetchFrom(t, target), updating+"download of config.json failed | "+reason)
	expect(t, "warning", w.masked(w.said[1]), "spurious network error (1 try remaining): "+reason)

	w = newWorld(t, "net.retry=0", answer(200, okConfig))
	w.dial = func(context.Context, string, string) (net.Conn, error) { return nil, &net.DNSError{IsNotFound: true} }
	expect(t, "error", w.fetchFrom(t, targetAt(t, "sparse+http://no.such/")),
		updating+"download of config.json failed | no connection to no.such:80: no such host")
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
			"transfer too slow: failed to transfer more than 10 bytes in 30s (transferred 0 bytes)", 30 * time.Second,
		},
		{
			"no time at all", "http.timeout=0", func(net.Conn) {},
			"transfer too slow: failed to transfer more than 10 bytes in 0s (transferred 0 bytes)", 0,
		},
		{
			"a slow answer", "http.timeout=3\nhttp.low-speed-limit=5", drip(1250*time.Millisecond, " "),
			"transfer too slow: failed to transfer more than 5 bytes in 3s (transferred 2 bytes)", 3 * time.Second,
		},
		{
			"a slow head", "http.timeout=3", drip(time.Second/10, "HTTP/1.1 103 Early\r\nx: yyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n"),
			"transfer too slow: failed to transfer more than 10 bytes in 3s (transferred 0 bytes)", 3 * time.Second,
		},
		{
			"a slow answer without end", "http.timeout=3\nhttp.low-speed-limit=1", drip(time.Second/2, " "),
			"the transfer has not ended after 1m0s", 60 * time.Second,
		},
		{
			"silence without a limit", "http.timeout=3\nhttp.low-speed-limit=0", func(net.Conn) {},
			"the transfer has not ended after 1m0s", 60 * time.Second,
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
