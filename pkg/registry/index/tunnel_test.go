package index

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// peer listens on loopback, and lets each connection talk until it is closed.
func peer(t *testing.T, talk func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// silent is the end of a talk with a peer that says nothing more.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// onceAsked is a proxy that answers the first request with some bytes.
func onceAsked(answer string, then func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		if _, err := io.WriteString(conn, answer); err == nil {
			then(conn)
		}
	}
}

func hangUp(net.Conn) {}

func TestSilentProxies(t *testing.T) {
	const want = "transfer too slow: failed to transfer more than 10 bytes in 1s (transferred 0 bytes)"
	for _, test := range []struct {
		about, scheme, index string
		talk                 func(net.Conn)
	}{
		{"after CONNECT", "http", "https", silent},
		{"in the header", "http", "https", onceAsked("HTTP/1.1 200 OK\r\nA: b", silent)},
		{"before TLS", "http", "https", onceAsked("HTTP/1.1 200 OK\r\n\r\n", silent)},
		{"before its own TLS", "https", "http", silent},
		{"after the greeting", "socks5", "http", silent},
		{"in the greeting", "socks5", "http", func(conn net.Conn) { _, _ = conn.Write([]byte{5}); silent(conn) }},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "net.retry=0\nhttp.timeout=1\nhttp.proxy='"+test.scheme+"://"+peer(t, test.talk)+"'", answer(200, okConfig))
			if got := w.fetchFrom(t, targetAt(t, "sparse+"+test.index+"://127.0.0.1:9/")); !strings.HasSuffix(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestTunnels(t *testing.T) {
	const refused = "no connection to 127.0.0.1:9 through the proxy PROXY: "
	for _, test := range []struct {
		answer, want string
		then         func(net.Conn)
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", "no connection to 127.0.0.1:9 through the proxy PROXY: it does not answer in TLS", hello("HTTP/1.1 400 no TLS\r\n")},
		{"HTTP/1.1 407 No\r\n\r\n", refused + "it answered 407", silent},
		{"garbage\r\n\r\n", refused + "it sent what is not valid", silent},
		{"HTTP/1.1 200 OK\r\nA: b", refused + "it closed the connection", hangUp},
		{"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 100_000), refused + "it sent what is not valid", silent},
	} {
		proxy := peer(t, onceAsked(test.answer, test.then))
		w := newWorld(t, "net.retry=1\nhttp.proxy='u:p@"+proxy+"'", answer(200, okConfig))
		got := strings.ReplaceAll(w.fetchFrom(t, targetAt(t, "sparse+https://127.0.0.1:9/")), proxy, "PROXY")
		if !strings.HasSuffix(got, test.want) {
			t.Errorf("%.40q:\n got %s\nwant %s", test.answer, got, test.want)
		}
		if said := w.said[len(w.said)-1]; !strings.HasPrefix(said, "spurious network error (1 try remaining): ") {
			t.Errorf("%.40q: said %s", test.answer, said)
		}
	}
}

func TestTunnelIsAskedForAsByCargo(t *testing.T) {
	asked := make(chan string, 1)
	proxy := peer(t, func(conn net.Conn) {
		var b strings.Builder
		in := bufio.NewScanner(conn)
		for in.Scan() && in.Text() != "" {
			b.WriteString(in.Text() + "\n")
		}
		asked <- b.String()
	})
	w := newWorld(t, "net.retry=0\nhttp.proxy='u:p@"+proxy+"'", answer(200, okConfig))
	w.fetchFrom(t, targetAt(t, "sparse+https://h.test/"))
	expect(t, "request", <-asked, "CONNECT h.test:443 HTTP/1.1\nHost: h.test:443\nUser-Agent: test/1\nProxy-Authorization: Basic "+
		base64.StdEncoding.EncodeToString([]byte("u:p"))+"\nProxy-Connection: Keep-Alive\n")
}

// relay hands everything on between a client and a server.
func relay(conn net.Conn, server *httptest.Server) {
	up, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		return
	}
	defer up.Close()
	go func() { _, _ = io.Copy(up, conn) }()
	_, _ = io.Copy(conn, up)
}

func TestRegistryThroughTunnels(t *testing.T) {
	server := httptest.NewTLSServer(answer(200, okConfig))
	defer server.Close()
	authority := trustFile(t, server)
	// tunnel lets those through who know the password.
	tunnel := func(conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil || req.Header.Get("Proxy-Authorization") != "Basic dTpw" {
			_, _ = io.WriteString(conn, "HTTP/1.1 407 Who\r\n\r\n")
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		relay(conn, server)
	}
	for proxy, talk := range map[string]func(net.Conn){
		"http://u:p@": tunnel,
		"https://u:p@": func(conn net.Conn) {
			tunnel(tls.Server(conn, &tls.Config{Certificates: server.TLS.Certificates}))
		},
		"socks5h://u:p@": func(conn net.Conn) {
			if script(conn, "\x05\x02\x00\x02", "\x05\x02", "\x01\x01u\x01p", "\x01\x00",
				"\x05\x01\x00\x03\x0bexample.com\x01\xbb", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00") {
				relay(conn, server)
			}
		},
	} {
		w := newWorld(t, "net.retry=0\nhttp.cainfo='"+authority+"'\nhttp.proxy='"+proxy+peer(t, talk)+"'", answer(200, okConfig))
		expect(t, proxy, w.fetchFrom(t, targetAt(t, "sparse+https://example.com/")), "http://h/api")
	}
}

func TestProxiesThatForwardAreToldThePassword(t *testing.T) {
	var asked []string
	forward := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		asked = append(asked, req.RequestURI+" "+req.Header.Get("Proxy-Authorization")+req.Header.Get("Authorization"))
		answer(200, okConfig)(rw, req)
	})
	plain, encrypted := httptest.NewServer(forward), httptest.NewTLSServer(forward)
	defer plain.Close()
	defer encrypted.Close()
	for _, proxy := range []*httptest.Server{plain, encrypted} {
		authority := ""
		if proxy == encrypted {
			authority = "\nhttp.proxy-cainfo='" + trustFile(t, proxy) + "'"
		}
		w := newWorld(t, "net.retry=0\nhttp.proxy='"+strings.Replace(proxy.URL, "://", "://u:p@", 1)+"'"+authority, nil)
		expect(t, "API", w.fetchFrom(t, targetAt(t, "sparse+http://h.test/i/")), "http://h/api")
	}
	expect(t, "asked", strings.Join(asked, ", "), "http://h.test/i/config.json Basic dTpw, http://h.test/i/config.json Basic dTpw")
}

// differs: proxy-answer-headers
func TestRefusalHasNoHeadersOfTheProxy(t *testing.T) {
	server := httptest.NewTLSServer(answer(403, "no", "X-Cache: the server's"))
	defer server.Close()
	proxy := peer(t, onceAsked("HTTP/1.1 200 OK\r\nX-Cache: the proxy's\r\n\r\n", func(conn net.Conn) { relay(conn, server) }))
	w := newWorld(t, "net.retry=0\nhttp.cainfo='"+trustFile(t, server)+"'\nhttp.proxy='"+proxy+"'", nil)
	got := w.fetchFrom(t, targetAt(t, "sparse+https://example.com/"))
	if want := "got 403\ndebug headers:\nx-cache: the server's\nbody:\nno"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
