package index

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// script is a talk in which what is heard and what is said alternate. It
// reports whether all was heard.
func script(conn net.Conn, lines ...string) bool {
	for i, line := range lines {
		if i%2 == 1 {
			if _, err := io.WriteString(conn, line); err != nil {
				return false
			}
			continue
		}
		heard := make([]byte, len(line))
		if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != line {
			_, _ = fmt.Fprintf(conn, "unexpected %q", heard)
			return false
		}
	}
	return true
}

func TestSOCKS(t *testing.T) {
	const (
		hello, ok = "\x05\x01\x00", "\x05\x00"
		login     = "\x05\x02\x00\x02"
		address   = "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x09"
		remote    = "\x05\x01\x00\x03\x09localhost\x00\x09"
		refused   = "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	for _, test := range []struct {
		proxy, host string
		lines       []string
		want        string
	}{
		{"socks5://", "127.0.0.1", []string{hello, ok, address, refused}, "connection refused"},
		// differs: proxies
		{"socks5://", "localhost", []string{hello, ok, remote, refused}, "connection refused"},
		{"socks5h://", "localhost", []string{hello, ok, remote, refused}, "connection refused"},
		{"socks5://", "127.0.0.1", []string{hello, "\x05\xff"}, "no acceptable authentication methods"},
		{"socks5://u:p@", "127.0.0.1", []string{login, "\x05\x02", "\x01\x01u\x01p", "\x01\x01"}, "username/password authentication failed"},
		{"socks5://u:p@", "127.0.0.1", []string{login, "\x05\x02", "\x01\x01u\x01p", "\x01\x00", address, refused}, "connection refused"},
		{"socks5://", "127.0.0.1", []string{hello}, "it closed the connection"},
	} {
		proxy := peer(t, func(conn net.Conn) { script(conn, test.lines...) })
		w := newWorld(t, "http.proxy='"+test.proxy+proxy+"'", answer(200, okConfig))
		want := "no connection to " + test.host + ":9 through the proxy " + proxy + ": " + test.want
		if got := w.fetchFrom(t, targetAt(t, "sparse+http://"+test.host+":9/")); !strings.HasSuffix(got, want) {
			t.Errorf("%s to %s:\n got %s\nwant %s", test.proxy, test.host, got, want)
		}
		// It is not tried again.
		if i := slices.IndexFunc(w.said, func(s string) bool { return strings.Contains(s, "spurious") }); i >= 0 {
			t.Errorf("%s: said %s", test.proxy, w.said[i])
		}
	}
}

func TestHeadersOverSOCKS(t *testing.T) {
	var got http.Header
	w := newWorld(t, "", func(rw http.ResponseWriter, req *http.Request) {
		got = req.Header
		answer(200, okConfig)(rw, req)
	})
	proxy := peer(t, func(conn net.Conn) {
		// The request is of a fixed length, as the host is an address.
		if !script(conn, "\x05\x01\x00", "\x05\x00") {
			return
		}
		if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil || !script(conn, "", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00") {
			return
		}
		relay(conn, w.server)
	})
	w.configure(t, "http.proxy='socks5://"+proxy+"'")
	expect(t, "API", w.fetch(t), "http://h/api")
	if got["Proxy-Connection"] != nil {
		t.Errorf("Proxy-Connection: %q", got["Proxy-Connection"])
	}
}
