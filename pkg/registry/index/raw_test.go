package index

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

func TestAnswersThatBreakOff(t *testing.T) {
	const (
		failed = "download of config.json failed | failed to download from `http://HOST/i/config.json` | "
		ok     = "HTTP/1.1 200 OK\r\n"

		chunked     = ok + "Transfer-Encoding: chunked\r\n\r\n"
		nothing     = "[52] Server returned nothing (no headers, no data) (Empty reply from server)"
		outstanding = "[18] Transferred a partial file (transfer closed with outstanding read data remaining)"
		receiving   = "[56] Failure when receiving data from the peer ("
		tooLarge    = "[100] A value or data field grew larger than allowed"
	)
	for _, test := range []struct {
		about, answer, want string
		retried             bool
	}{
		{"nothing", "", nothing, false},
		{"the beginning of the status", "HT", nothing, false},
		{"a status without its end", "HTTP/1.1 200 OK", nothing, false},
		{"an announcement only", "HTTP/1.1 100 Continue\r\n\r\n", nothing, false},
		{"no HTTP", "hello\r\n\r\n", "[1] Unsupported protocol (Received HTTP/0.9 when not allowed)", false},
		{"no HTTP after an announcement", "HTTP/1.1 100 Continue\r\n\r\nhello", "[8] Weird server reply (Invalid status line)", false},
		{"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "[1] Unsupported protocol (Unsupported HTTP/1 subversion in response)", false},
		{"two digits", "HTTP/1.1 20 OK\r\n\r\n", "[1] Unsupported protocol (Unsupported HTTP/1 subversion in response)", false},
		{"HTTP/2", "HTTP/2 200 OK\r\n\r\n", "[8] Weird server reply (Version mismatch (from HTTP/1 to HTTP/2))", false},
		{"HTTP/3", "HTTP/3 200 OK\r\n\r\n", "[1] Unsupported protocol (Unsupported HTTP version (3.0) in response)", false},
		{"HTTP/4", "HTTP/4 200 OK\r\n\r\n", "[1] Unsupported protocol (Unsupported HTTP version in response)", false},
		{"half a body", ok + "Content-Length: 100\r\n\r\n{", "[18] Transferred a partial file (end of response with 99 bytes missing)", true},
		{"half a chunk", chunked + "5\r\n{", outstanding, true},
		{"no last line end", chunked + "0\r\n", outstanding, true},
		{"a bad chunk", chunked + "zz\r\n{", receiving + "chunk hex-length char not a hex digit: 0x7a)", true},
		{"a long size", chunked + "10000000000000000\r\n{", receiving + "chunk hex-length longer than 16)", true},
		{"a large size", chunked + "ffffffffffffffff\r\n{", receiving + "invalid chunk size: 'ffffffffffffffff')", true},
		{"a chunk that goes on", chunked + "1\r\n{}\r\n", receiving + "Malformed encoding found in chunked-encoding)", true},
		{"a bad length", ok + "Content-Length: x\r\n\r\n{}", "[8] Weird server reply (Invalid Content-Length: value)", false},
		{"no colon", ok + "x\r\n\r\n{}", "[8] Weird server reply (Header without colon)", false},
		{"a zero byte", ok + "x: \x00\r\n\r\n{}", "[8] Weird server reply (Nul byte in header)", false},
		{"many headers", ok + strings.Repeat("x: y\r\n", 5001), tooLarge + " (Too many response headers, 5000 is max)", false},
		{"a long header", ok + "x: " + strings.Repeat("y", 100<<10) + "\r\n\r\n", tooLarge, false},
		{
			"a large head", ok + strings.Repeat("x: "+strings.Repeat("y", 1000)+"\r\n", 310),
			receiving + "Too large response headers: 307547 > 307200)", true,
		},
		{
			"an unknown encoding", ok + "Transfer-Encoding: foo, chunked\r\n\r\n{}",
			"[61] Unrecognized or bad HTTP Content or Transfer-Encoding (Unsolicited Transfer-Encoding (foo) found)", false,
		},
		{
			"another encoding at last", ok + "Transfer-Encoding: chunked, foo\r\n\r\n{}",
			"[61] Unrecognized or bad HTTP Content or Transfer-Encoding (A Transfer-Encoding (foo) was listed after chunked)", false,
		},
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
	const (
		ok     = "HTTP/1.1 200 OK\r\n"
		chunks = "Transfer-Encoding: chunked\r\n\r\n2;x\r\n{\"\r\n27\r\n"
	)
	for _, test := range []struct{ about, answer string }{
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + okConfig},
		{"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n" + okConfig},
		{"lower case", "http/1.1 403 No\r\n\r\n" + okConfig},
		{"four digits", "HTTP/1.1 2000 OK\r\n\r\n" + okConfig},
		{"no reason", "HTTP/1.1 200\r\n\r\n" + okConfig},
		{"no length", ok + "\r\n" + okConfig},
		{"two lengths", ok + "Content-Length: 1\r\nContent-Length: 41, 1\r\n\r\n" + okConfig},
		{"a large length", ok + "Content-Length: 9223372036854775808\r\n\r\n" + okConfig},
		{"more than its length", ok + "Content-Length: 41\r\n\r\n" + okConfig + "more"},
		{"strange headers", ok + " a: b\r\n: c\r\nä(: \x01\r\r\n folded\r\n\r\n" + okConfig},
		{"chunks", ok + chunks + okConfig[2:] + "\r\n0\r\n\r\n"},
		{"chunks and a length", ok + "Content-Length: 1\r\n" + chunks + okConfig[2:] + "\r\n0\r\nx: y\r\n\r\n"},
		{"chunks with LF only", strings.ReplaceAll(ok+chunks+okConfig[2:]+"\r\n0\r\n\r\n", "\r", "")},
		{"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\n" + chunks + okConfig[2:] + "\r\n0\r\n\r\n"},
		{"an encoding that is none", ok + "Transfer-Encoding: identity, ,\r\nContent-Length: 41\r\n\r\n" + okConfig},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n" + okConfig},
		{"LF only", "HTTP/1.1 200 OK\nContent-Length: 41\n\n" + okConfig},
	} {
		t.Run(test.about, func(t *testing.T) {
			expect(t, "API", rawWorld(t, test.answer).fetch(t), "http://h/api")
		})
	}
}

// A connection that ends after the status has an empty body.
func TestAnswersWithoutABody(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nx: y\r\n": "EOF while parsing a value at line 1 column 0",
		"HTTP/1.1 404 No\r\nConte":    "config.json not found in registry",
		"HTTP/1.1 204 No\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello": "got 204\nbody:\n",
		"HTTP/1.1 404 No\r\nContent-Length: 0\r\nContent-Encoding: br\r\n\r\n":        "config.json not found in registry",
	} {
		if got := rawWorld(t, answer).fetch(t); !strings.HasSuffix(got, want) {
			t.Errorf("%q: got %s, want %s", answer, got, want)
		}
	}
}

func TestFollowedRedirectsAreNotDecoded(t *testing.T) {
	w := rawWorld(t, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Encoding: gzip\r\n\r\nno gzip", "HTTP/1.1 200 OK\r\n\r\n"+okConfig)
	expect(t, "API", w.fetch(t), "http://h/api")
}
