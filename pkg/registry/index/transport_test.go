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
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRedirects(t *testing.T) {
	for _, test := range []struct{ location, want string }{
		{"/j", "http://h/api"},
		{"../j k?q#f", "http://h/api"},
		{"file:///etc/passwd", "`file` is not http or https"},
		{"gopher://h/", "`gopher` is not http or https"},
		{"http://[x", "the registry redirects to an invalid URL"},
		{"http://", "the registry redirects to an invalid URL"},
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
		bad     = "the answer cannot be decoded: "
		tooLong = "the answer has more than 8388608 bytes"
		noJSON  = "config.json: the text is empty"
	)
	for _, test := range []struct{ encoding, body, want string }{
		{"gzip", gz, "http://h/api"},
		{"x-gzip", gz, "http://h/api"},
		{"deflate", zl, "http://h/api"},
		{"deflate", zl[2 : len(zl)-4], "http://h/api"},
		{"deflate", zl[2:], "http://h/api"},
		{"gzip", gz + "not a member", bad + "gzip: invalid header"},
		{"gzip", gz + gz, "after top-level value"},
		{"identity", okConfig, "http://h/api"},
		{"gzip", gz[:len(gz)-8], "http://h/api"},
		{"deflate", zl[:len(zl)-4], "http://h/api"},
		{"gzip", gz[:5], bad + "unexpected EOF"},
		{"gzip", "", noJSON},
		{"gzip", "xxxxxxxxxxxxxxx", bad + "gzip: invalid header"},
		{"gzip", gz[:len(gz)-8] + "12345678", bad + "gzip: invalid checksum"},
		{"deflate", zl[:len(zl)-4] + "1234", bad + "zlib: invalid checksum"},
		{"gzip", gz[:10] + strings.Repeat("\xff", 20), bad + "flate: corrupt input before offset 1"},
		{"br", okConfig, bad + "it is neither gzip nor deflate"},
		// differs: bounded-answers
		{"gzip, gzip", gz, bad + "it is neither gzip nor deflate"},
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

// drip returns a server that keeps sending the same, slowly.
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

// rawWorld returns a world whose registry sends one answer on each connection, and
// repeats the last one.
func rawWorld(t *testing.T, answers ...string) *world {
	t.Helper()
	var given atomic.Int64
	return servedWorld(t, "net.retry=1", func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answers[min(int(given.Add(1)), len(answers))-1])
		}
	})
}

// servedWorld returns a world whose registry calls talk with each connection, and
// closes it then.
func servedWorld(t *testing.T, content string, talk func(net.Conn)) *world {
	t.Helper()
	w := &world{home: t.TempDir(), server: &httptest.Server{URL: "http://" + peer(t, talk)}}
	w.configure(t, content)
	return w
}

func TestRequestLines(t *testing.T) {
	for location, want := range map[string]string{
		"/a|b^c%zz%":     "GET /a|b^c%zz%",
		"//HOST//x|y":    "GET //x%7Cy",
		"/x?":            "GET /x",
		"/x?a b#c d":     "GET /x?a%20b",
		"/x<y>{z}":       "GET /x%3Cy%3E%7Bz%7D", // differs: redirect-urls
		"//u%40:p@HOST/": "GET / with Basic dUA6cA==",
	} {
		var w *world
		w = servedWorld(t, "", func(conn net.Conn) {
			in := bufio.NewReader(conn)
			for range 2 {
				head := ""
				for !strings.HasSuffix(head, "\r\n\r\n") {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					head += line
				}
				asked, _, _ := strings.Cut(head, " HTTP/1.1")
				if _, authorization, ok := strings.Cut(head, "Authorization: "); ok {
					asked += " with " + authorization[:strings.Index(authorization, "\r")]
				}
				w.asked = append(w.asked, asked)
				answer := "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + okConfig
				if len(w.asked) == 1 {
					host := strings.TrimPrefix(w.server.URL, "http://")
					answer = "HTTP/1.1 302 Found\r\nLocation: " + strings.ReplaceAll(location, "HOST", host) + "\r\nContent-Length: 0\r\n\r\n"
				}
				_, _ = io.WriteString(conn, answer)
			}
		})
		expect(t, location, w.fetch(t), "http://h/api")
		expect(t, location, w.asked[len(w.asked)-1], want)
	}
}

// No header may hold a character that ends its line.
//
// differs: unsendable-values
func TestWhatCannotBeSent(t *testing.T) {
	const unsendable = "download of config.json failed | the token for reading the index has a character that cannot be sent to a registry"
	for _, token := range []string{"a\nb: c", "a\x00", "a\x7f", "ä"} {
		w := newWorld(t, "", needsToken)
		w.token = token
		expect(t, "error", w.fetch(t), updating+unsendable)
		expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
	}
	w := newWorld(t, "http.user-agent = \"a\\nb: c\"", answer(200, okConfig))
	expect(t, "error", w.fetch(t), updating+"the user agent has a character that cannot be sent to a registry")
	expect(t, "requests", strings.Join(w.asked, ", "), "")
}
