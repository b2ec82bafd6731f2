package index

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// rawWorld returns a world whose registry sends the answers one after the
// other, the last one for ever, and then closes the connection.
func rawWorld(t *testing.T, answers ...string) *world {
	t.Helper()
	var given atomic.Int64
	return servedWorld(t, "net.retry=1", func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answers[min(int(given.Add(1)), len(answers))-1])
		}
	})
}

// servedWorld returns a world with that config.toml whose registry talks on
// each connection and then closes it.
func servedWorld(t *testing.T, content string, talk func(net.Conn)) *world {
	t.Helper()
	w := &world{home: t.TempDir(), server: &httptest.Server{URL: "http://" + peer(t, talk)}}
	w.configure(t, content)
	return w
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
		many    = "the answer has more than 5000 headers, or one of more than 102400 bytes"
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
		{"many headers", ok + strings.Repeat("x: y\r\n", 5001) + "\r\n", many, false},
		{"a long header", ok + "x: " + strings.Repeat("y", 101<<10) + "\r\n\r\n", many, false},
		{"a large header", ok + strings.Repeat("x: "+strings.Repeat("y", 1000)+"\r\n", 310), large, true},
		{"a header without end", ok + "x: " + strings.Repeat("y", 400<<10), large, true},
		{"half a body", ok + "Content-Length: 100\r\n\r\n{", broke + "it closed the connection", true},
		{"half a chunk", chunked + "5\r\n{", broke + "it closed the connection", true},
		{"a bad chunk", chunked + "zz\r\n{", broke + "it sent what is not valid", true},
		{"a chunk that goes on", chunked + "1\r\n{}\r\n", broke + "it sent what is not valid", true},
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

func TestAnswersOutOfTheOrdinary(t *testing.T) {
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

func TestConnectionThatIsReset(t *testing.T) {
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

// What a server sends in the place of HTTP is not shown: it may be a token.
func TestNoTokenInAnAnswerThatIsNoHTTP(t *testing.T) {
	for _, answer := range []string{"s3cr3t", "HTTP/1.1 s3cr3t", "HTTP/1.1 200 OK\r\ns3cr3t\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: s3cr3t\r\n\r\n"} {
		w := rawWorld(t, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", answer+"\r\n\r\n")
		w.token = "s3cr3t"
		expect(t, answer, w.fetch(t), updating+"download of config.json failed | the server's answer is not valid HTTP")
	}
}
