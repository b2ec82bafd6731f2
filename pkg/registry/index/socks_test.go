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
		hello, ok   = "\x05\x01\x00", "\x05\x00"
		login       = "\x05\x02\x00\x02"
		request5    = "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x09"
		request4    = "\x04\x01\x00\x09\x7f\x00\x00\x01\x00"
		request4a   = "\x04\x01\x00\x09\x00\x00\x00\x01u\x00127.0.0.1\x00"
		local       = "\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x09"
		remote      = "\x05\x01\x00\x03\x09localhost\x00\x09"
		refused     = "\x05\x05\x00\x01\x00"
		refused4    = "\x00\x5b\x12\x34\x01\x02\x03\x04"
		cannot4     = "cannot complete SOCKS4 connection to 1.2.3.4:4660. (91), request rejected or failed."
		cannotLocal = "cannot complete SOCKS5 connection to localhost. (5)"
	)
	for _, test := range []struct {
		proxy, host string
		lines       []string
		want        string
	}{
		{"socks5://", "127.0.0.1", []string{hello, ok, request5, refused}, "cannot complete SOCKS5 connection to 127.0.0.1. (5)"},
		{"socks5://", "localhost", []string{hello, ok, local, refused}, cannotLocal},
		{"socks5h://", "localhost", []string{hello, ok, remote, refused}, cannotLocal},
		{"socks5://", "127.0.0.1", []string{hello, "\x04\x00"}, "Received invalid version in initial SOCKS5 response."},
		{"socks5://", "127.0.0.1", []string{hello, "\x05\xff"}, "No authentication method was acceptable."},
		{"socks5://", "127.0.0.1", []string{hello, "\x05\x01"}, "SOCKS5 GSSAPI per-message authentication is not supported."},
		{"socks5://", "127.0.0.1", []string{hello, "\x05\x09"}, "Undocumented SOCKS5 mode attempted to be used by server."},
		{"socks5://", "127.0.0.1", []string{hello, "\x05\x02", "\x01\x00\x00", "\x01\x01"}, "User was rejected by the SOCKS5 server (1 1)."},
		{"socks5://u:p@", "127.0.0.1", []string{login, "\x05\x02", "\x01\x01u\x01p", "\x01\x01"}, "User was rejected by the SOCKS5 server (1 1)."},
		{"socks5://u:p@", "127.0.0.1", []string{login, "\x05\x02", "\x01\x01u\x01p", "\x01\x00", request5, refused}, "cannot complete SOCKS5 connection to 127.0.0.1. (5)"},
		{"socks5://", "127.0.0.1", []string{hello}, "connection to proxy closed"},
		{"socks4://", "127.0.0.1", []string{request4, refused4}, cannot4},
		{"socks://", "localhost", []string{request4, refused4}, cannot4},
		{"socks4://", "[::1]", nil, "SOCKS4 connection to ::1 not supported"},
		{"socks4a://u@", "127.0.0.1", []string{request4a, refused4}, cannot4},
		{"socks4://", "127.0.0.1", []string{request4, "\x04\x5a\x00\x00\x00\x00\x00\x00"}, "SOCKS4 reply has wrong version, version should be 0."},
	} {
		user, end, _ := strings.Cut(test.proxy, "://")
		address := peer(t, func(conn net.Conn) { script(conn, test.lines...) })
		w := newWorld(t, "http.proxy='"+user+"://"+end+address+"'", answer(200, okConfig))
		want := "[97] proxy handshake error (" + test.want + ")"
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
