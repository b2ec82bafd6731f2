package index

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// FuzzAnswer reads whatever a server sends. What package net/http gets of it
// must be an answer that it understands, with the status and length that were
// read.
func FuzzAnswer(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.0 404 No\r\n\r\nno",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n0\r\nx: y\r\n\r\nmore",
		"http/1.1 204\n\n", "HTTP/2 200 \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scanner := &headScanner{r: bufio.NewReader(bytes.NewReader(data)), keep: func([]byte) {}}
		h, failure := scanner.scan()

		conn := newHeaderConn(&readConn{r: bytes.NewReader(data)})
		conn.expect()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if (err == nil) != (failure == nil) {
			t.Fatalf("%q: scanned with %v, read with %v", data, failure, err)
		}
		if err != nil {
			return
		}
		length := h.length
		if h.bodyless() {
			length = 0
		} else if h.chunked {
			length = -1
		}
		if answer.StatusCode != h.code || answer.ContentLength != length {
			t.Errorf("%q: status %d, length %d; want %d, %d", data, answer.StatusCode, answer.ContentLength, h.code, length)
		}
		body, _ := io.ReadAll(answer.Body)
		if len(body) > len(data) {
			t.Errorf("%q: body %q", data, body)
		}
		for _, line := range conn.headers() {
			if strings.Contains(line, "\n") || !strings.Contains(line, ": ") {
				t.Errorf("%q: header line %q", data, line)
			}
		}
	})
}

// readConn is the receiving half of a connection.
type readConn struct {
	net.Conn
	r io.Reader
}

func (c *readConn) Read(p []byte) (int, error) { return c.r.Read(p) }

func TestConnectionThatIsReset(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	const reset = "[56] Failure when receiving data from the peer (Recv failure: Connection reset by peer)"
	for _, start := range []string{"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"} {
		w := servedWorld(t, "net.retry=1", func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, start)
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
		})
		if got := w.fetch(t); !strings.HasSuffix(got, reset) {
			t.Errorf("%q: got %s", start, got)
		}
		expect(t, "warning", w.said[len(w.said)-1], "spurious network error (1 try remaining): "+reset)
	}
}

// A server that keeps the connection open is told from HTTP by its first byte.
func TestNoHTTPIsNotWaitedFor(t *testing.T) {
	ended := make(chan struct{})
	w := servedWorld(t, "", func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, "{")
			<-ended
		}
	})
	defer close(ended)
	if got := w.fetch(t); !strings.HasSuffix(got, "(Received HTTP/0.9 when not allowed)") {
		t.Errorf("got %s", got)
	}
}

// An encrypted connection that is cut off may have been cut off by anyone.
func TestEncryptedConnectionThatIsCutOff(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	authority := trustFile(t, server)
	const cut = "[56] Failure when receiving data from the peer (" + cutOff + ")"
	for _, test := range []struct {
		answer string
		words  bool
		want   string
	}{
		{"HTTP/1.1 200 OK\r\n\r\n" + okConfig, true, "http://h/api"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + okConfig, false, "http://h/api"},
		{"HTTP/1.1 200 OK\r\n\r\n" + okConfig, false, cut},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + okConfig, false, cut},
		{"", false, cut},
	} {
		w := servedWorld(t, "net.retry=0\nhttp.cainfo='"+authority+"'", func(conn net.Conn) {
			encrypted := tls.Server(conn, &tls.Config{Certificates: server.TLS.Certificates})
			if _, err := http.ReadRequest(bufio.NewReader(encrypted)); err != nil {
				return
			}
			_, _ = io.WriteString(encrypted, test.answer)
			if test.words {
				encrypted.Close()
			}
		})
		w.server.URL = strings.Replace(w.server.URL, "http:", "https:", 1)
		if got := w.fetch(t); !strings.HasSuffix(got, test.want) {
			t.Errorf("%q: got %s, want %s", test.answer, got, test.want)
		}
	}
}
