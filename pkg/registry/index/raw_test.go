package index

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// rawWorld returns a world whose registry sends the answers one after the
// other, the last one for ever, and then closes the connection.
func rawWorld(t *testing.T, answers ...string) *world {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	w := &world{home: t.TempDir(), server: &httptest.Server{URL: "http://" + listener.Addr().String()}}
	go func() {
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = conn.Write([]byte(answers[min(i, len(answers)-1)]))
			}
			conn.Close()
		}
	}()
	w.configure(t, "net.retry=1")
	return w
}

func TestAnswersThatBreakOff(t *testing.T) {
	const (
		failed = "download of config.json failed | failed to download from `http://HOST/i/config.json` | "
		ok     = "HTTP/1.1 200 OK\r\n"
	)
	for _, test := range []struct {
		about, answer, want string
		retried             bool
	}{
		{"nothing", "", "[52] Server returned nothing (no headers, no data) (Empty reply from server)", false},
		{"no HTTP", "hello\r\n\r\n", "[1] Unsupported protocol (Received HTTP/0.9 when not allowed)", false},
		{"half a body", ok + "Content-Length: 100\r\n\r\n{", "[18] Transferred a partial file (end of response with 99 bytes missing)", true},
		{
			"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
			"[18] Transferred a partial file (transfer closed with outstanding read data remaining)", true,
		},
		{
			"a bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{",
			"[56] Failure when receiving data from the peer (chunk hex-length char not a hex digit)", true,
		},
		{"a bad length", ok + "Content-Length: x\r\n\r\n{}", "[8] Weird server reply (Invalid Content-Length: value)", false},
		{"no colon", ok + "x\r\n\r\n{}", "[8] Weird server reply (Header without colon)", false},
		{
			"an unknown encoding", ok + "Transfer-Encoding: foo\r\n\r\n{}",
			"[61] Unrecognized or bad HTTP Content or Transfer-Encoding (Unsolicited Transfer-Encoding (foo) found)", false,
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
	for _, test := range []struct{ about, answer string }{
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + okConfig},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n" + okConfig},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n27\r\n" + okConfig[2:] + "\r\n0\r\n\r\n"},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + okConfig},
		{"LF only", "HTTP/1.1 200 OK\nContent-Length: 41\n\n" + okConfig},
	} {
		t.Run(test.about, func(t *testing.T) {
			expect(t, "API", rawWorld(t, test.answer).fetch(t), "http://h/api")
		})
	}
}
