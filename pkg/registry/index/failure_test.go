package index

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

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
		{"at a date", "", []int{503, 200}, []string{"Retry-After: Sat, 01 Jan 2050 00:00:05 GMT"}, []time.Duration{10 * second}, "http://h/api"},
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
	if _, err := w.Fetch(ctx); err == nil {
		t.Error("no error")
	}
}

func TestServersThatDoNotExist(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	w := newWorld(t, "net.retry=1", answer(200, okConfig))
	target := fmt.Sprintf("sparse+http://127.0.0.1:%d/", port)
	reason := fmt.Sprintf("no connection to 127.0.0.1:%d: connection refused", port)
	expect(t, "error", w.fetchFrom(t, target), updating+"download of config.json failed | "+reason)
	expect(t, "warning", w.masked(w.said[1]), "spurious network error (1 try remaining): "+reason)

	w = newWorld(t, "net.retry=0", answer(200, okConfig))
	w.dial = func(context.Context, string, string) (net.Conn, error) { return nil, &net.DNSError{IsNotFound: true} }
	expect(t, "error", w.fetchFrom(t, "sparse+http://no.such/"),
		updating+"download of config.json failed | no connection to no.such:80: no such host")
}

// differs: http-client
func TestAnswersThatBreakOff(t *testing.T) {
	const (
		failed = updating + "download of config.json failed | "
		ok     = "HTTP/1.1 200 OK\r\n"

		chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"
		nothing = "the server closed the connection without an answer"
		invalid = "the server's answer is not valid HTTP"
		broke   = "the server's answer broke off: "
		large   = "the answer's header has more than 307200 bytes"
	)
	for _, test := range []struct {
		about, answer, want string
		retried             bool
	}{
		{"nothing", "", nothing, false},
		{"the beginning of the status", "HT", invalid, false},
		{"an announcement only", "HTTP/1.1 100 Continue\r\n\r\n", nothing, false},
		{"half a header", ok + "x: y", nothing, false},
		{"no HTTP", "hello\r\n\r\n", invalid, false},
		{"no HTTP after an announcement", "HTTP/1.1 100 Continue\r\n\r\nhello\r\n", invalid, false},
		{"two digits", "HTTP/1.1 20 OK\r\n\r\n", invalid, false},
		{"a bad length", ok + "Content-Length: x\r\n\r\n{}", invalid, false},
		{"no colon", ok + "x\r\n\r\n{}", invalid, false},
		{"a zero byte", ok + "x: \x00\r\n\r\n{}", invalid, false},
		{"an unknown encoding", ok + "Transfer-Encoding: foo\r\n\r\n{}", invalid, false},
		{"a large header", ok + strings.Repeat("x: "+strings.Repeat("y", 1000)+"\r\n", 310), large, true},
		{"a header without end", ok + "x: " + strings.Repeat("y", 400<<10), large, true},
		{"half a body", ok + "Content-Length: 100\r\n\r\n{", broke + "it closed the connection", true},
		{"half a chunk", chunked + "5\r\n{", broke + "it closed the connection", true},
		{"a bad chunk", chunked + "zz\r\n{", broke + "it sent invalid data", true},
		{"a chunk that goes on", chunked + "1\r\n{}\r\n", broke + "it sent invalid data", true},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := rawWorld(t, test.answer)
			expect(t, "error", w.fetch(t), failed+test.want)
			if test.retried {
				expect(t, "warning", w.said[len(w.said)-1], "spurious network error (1 try remaining): "+test.want)
			} else if len(w.said) > 1 {
				t.Errorf("said %q", w.said)
			}
		})
	}
}

func TestUnusualAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, test := range []struct{ about, answer string }{
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + okConfig},
		{"no reason", "HTTP/1.1 200\r\n\r\n" + okConfig},
		{"no length", ok + "\r\n" + okConfig},
		{"more than its length", ok + "Content-Length: 41\r\n\r\n" + okConfig + "more"},
		{"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n2;x\r\n{\"\r\n27\r\n" + okConfig[2:] + "\r\n0\r\nx: y\r\n\r\n"},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n" + okConfig},
		{"LF only", "HTTP/1.1 200 OK\nContent-Length: 41\n\n" + okConfig},
		{"no body to decode", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Encoding: gzip\r\n\r\nno gzip"},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := rawWorld(t, test.answer, "HTTP/1.1 200 OK\r\n\r\n"+okConfig)
			expect(t, "API", w.fetch(t), "http://h/api")
		})
	}
}

func TestAConnectionThatIsReset(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	for start, want := range map[string]string{
		"": "the connection to the server broke: connection reset by peer",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{": "the server's answer broke off: connection reset by peer",
	} {
		w := servedWorld(t, "net.retry=1", func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, start)
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
		})
		if got := w.fetch(t); !strings.HasSuffix(got, want) {
			t.Errorf("%q: got %s", start, got)
		}
		expect(t, "warning", w.said[len(w.said)-1], "spurious network error (1 try remaining): "+want)
	}
}

// What a server sends in place of HTTP is not shown, since it may be a token.
func TestAnAnswerOtherThanHTTPIsNotShown(t *testing.T) {
	for _, answer := range []string{"s3cr3t", "HTTP/1.1 s3cr3t", "HTTP/1.1 200 OK\r\ns3cr3t\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: s3cr3t\r\n\r\n"} {
		w := rawWorld(t, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", answer+"\r\n\r\n")
		w.token = "s3cr3t"
		expect(t, answer, w.fetch(t), updating+"download of config.json failed | the server's answer is not valid HTTP")
	}
}
