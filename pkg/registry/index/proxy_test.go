package index

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestProxies(t *testing.T) {
	var through []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		through = append(through, req.RequestURI)
		fmt.Fprint(w, okConfig)
	}))
	defer proxy.Close()
	address := strings.TrimPrefix(proxy.URL, "http://")
	for _, test := range []struct {
		about, config string
		environ       []string
		proxied       bool
	}{
		{"configured", "http.proxy='" + address + "'", nil, true},
		{"http_proxy", "", []string{"http_proxy=" + address}, true},
		{"all_proxy", "", []string{"all_proxy=" + address}, true},
		{"HTTP_PROXY", "", []string{"HTTP_PROXY=" + address}, false},
		{"https_proxy", "", []string{"https_proxy=" + address}, false},
		{"configured to none", "http.proxy=''", []string{"http_proxy=" + address}, false},
		{"no_proxy", "http.proxy='" + address + "'", []string{"no_proxy=a, 127.0.0.0/8"}, false},
		{"NO_PROXY", "", []string{"http_proxy=" + address, "NO_PROXY=*"}, false},
		{"an empty no_proxy", "", []string{"http_proxy=" + address, "no_proxy=", "NO_PROXY=*"}, false},
		{"no_proxy for others", "", []string{"http_proxy=" + address, "no_proxy=27.0.0.1,localhost"}, true},
	} {
		through = nil
		w := newWorld(t, test.config, answer(200, okConfig), test.environ...)
		expect(t, test.about, w.fetch(t), "http://h/api")
		if proxied := len(through) == 1; proxied != test.proxied || proxied == (len(w.asked) == 1) {
			t.Errorf("%s: through the proxy %q, directly %q", test.about, through, w.asked)
		}
	}
}

func TestAddressesOfProxies(t *testing.T) {
	const (
		noAddress = "the value of `x` is not the address of a proxy"
		noScheme  = "the proxy in `x` is not one of http, https, socks5 and socks5h, but of `%s`"
	)
	for _, test := range []struct{ name, want string }{
		{"h", "http://h:1080"},
		{"h:3128", "http://h:3128"},
		{"HTTP://h:3128/a/b?c=d", "http://h:3128"},
		{"http://h:", "http://h:1080"},
		{"https://h", "https://h"},
		{"socks5h://h:1", "socks5h://h:1"},
		{"u:p@h:1", "http://u:p@h:1"},
		{"http://u%40:p%3A@h:1", "http://u%40:p%3A@h:1"},
		{"http://u%:p^ß@h:1", "http://u%25:p%5E%C3%9F@h:1"},
		{"http://a@b:c@h:1/d@e", "http://a%40b:c@h:1"},
		{"http://u@h:1", "http://u@h:1"},
		{"http://:@h:1", "http://h:1"},
		{"@h:1", "http://h:1"},
		{"http://[::1]:1", "http://[::1]:1"},
		{"http://http:80", "http://http:80"},
		{"http://hä:1", "http://h%C3%A4:1"},
		{"foo://h:1", fmt.Sprintf(noScheme, "foo")},
		{"socks4://h:1", fmt.Sprintf(noScheme, "socks4")},
		{" h", noAddress},
		{"http://", noAddress},
		{":1", noAddress},
		{"http://u:secret@h:99999x", noAddress},
		{"http://u:secret@h:99999", noAddress},
		{"http://[x", noAddress},
	} {
		proxy, err := parseProxy(test.name, "`x`")
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = proxy.String()
		}
		expect(t, test.name, got, test.want)
	}
}

func TestNoProxy(t *testing.T) {
	for _, test := range []struct {
		host, list string
		want       bool
	}{
		{"h", "*", true},
		{"h.test", "a.test,,h.test", true},
		{"h.test", "a.test , h.test", true},
		{"h.test", "a.test h.test", false},
		{"h.test.", "TEST", true},
		{"h.test", ".test", true},
		{"test", ".test", true},
		{"h.test", "est", false},
		{"h.test", ".", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "0.0.1", false},
		{"127.0.0.1", "127.9.9.9/8", true},
		{"127.0.0.1", "127.0.0.0/33", false},
		{"localhost", "localhost", true},
		{"localhost", "127.0.0.1", false},
		{"10.0.0.1", "10.0.0.0/8", true},
		{"10.0.0.1", "11.0.0.0/8", false},
		{"[::1]", "::1", true},
		{"[::1]", "0:0::1", true},
		{"10.0.0.1", "0.0.1", false},
		{"h", "", false},
	} {
		w := newWorld(t, "", nil, "no_proxy="+test.list)
		for _, scheme := range []string{"http", "https"} {
			if got := w.excludedFromProxy(&url.URL{Scheme: scheme, Host: test.host}); got != test.want {
				t.Errorf("%s://%s, %q: %v", scheme, test.host, test.list, got)
			}
		}
	}
}

func TestProxyOfGit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	path, ok := os.LookupEnv("PATH")
	if !ok {
		t.Skip("no PATH to find git on")
	}
	const none = "none"
	for _, test := range []struct {
		about string
		files map[string]string
		want  string
	}{
		{"no file", nil, none},
		{"other settings", map[string]string{".gitconfig": "[user]\nname = n\n"}, none},
		{"in the home", map[string]string{".gitconfig": "[HTTP]\n\tProxy = \"h:1\" ; c\n"}, "h:1"},
		{"for one URL only", map[string]string{".gitconfig": "[http \"http://h\"]\n\tproxy = h:1\n"}, none},
		{"twice", map[string]string{".gitconfig": "[http]\nproxy = g:1\nproxy = h:1\n"}, "h:1"},
		{"empty", map[string]string{".gitconfig": "[http]\nproxy =\n"}, ""},
		{"without a value", map[string]string{".gitconfig": "[http]\nproxy\n"}, ""},
		{"in .config", map[string]string{".config/git/config": "[http]\nproxy = h:1\n"}, "h:1"},
		{"in both", map[string]string{".config/git/config": "[http]\nproxy = h:1\n", ".gitconfig": "[http]\nproxy =\n"}, ""},
		{"included", map[string]string{".gitconfig": "[include]\npath = i\n", "i": "[http]\nproxy = h:1\n"}, "h:1"},
		{"included from nowhere", map[string]string{".gitconfig": "[http]\nproxy = h:1\n[include]\npath = i\n"}, "h:1"},
		{"broken", map[string]string{".gitconfig": "[http\nproxy = h:1\n"}, none},
		{"the other one broken", map[string]string{".config/git/config": "[http\nproxy\n", ".gitconfig": "[http]\nproxy = h:1\n"}, none},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			for name, content := range test.files {
				file := filepath.Join(home, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			w := &world{home: t.TempDir(), server: &httptest.Server{URL: "http://h"}}
			w.configure(t, "", "HOME="+home, "PATH="+path)
			got := none
			if proxy := w.gitProxy(t.Context()); proxy != nil {
				got = *proxy
			}
			expect(t, "proxy", got, test.want)
		})
	}
}

func TestCargosProxyComesBeforeGits(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[http]\nproxy = socks9://git\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ config, source, scheme string }{
		{"", "git's `http.proxy`", "socks9"},
		{"http.proxy='socks8://cargo'", "`http.proxy`", "socks8"},
	} {
		w := newWorld(t, "net.retry=0\n"+test.config, answer(200, okConfig),
			"HOME="+home, "PATH="+os.Getenv("PATH"), "http_proxy=socks9://environment")
		expect(t, test.config, w.fetch(t), updating+"download of config.json failed | the proxy in "+test.source+" is not one of http, https, socks5 and socks5h, but of `"+test.scheme+"`")
	}
}

// peer listens on loopback. It calls talk with each connection, and closes it then.
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

// silent sends nothing more and waits for the other side to close.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// onceAsked is a proxy that sends an answer to the first request.
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
			if got := w.fetchFrom(t, "sparse+"+test.index+"://127.0.0.1:9/"); !strings.HasSuffix(got, want) {
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
		{"garbage\r\n\r\n", refused + "it sent invalid data", silent},
		{"HTTP/1.1 200 OK\r\nA: b", refused + "it closed the connection", hangUp},
		{"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 100_000), refused + "it sent invalid data", silent},
	} {
		proxy := peer(t, onceAsked(test.answer, test.then))
		w := newWorld(t, "net.retry=1\nhttp.proxy='u:p@"+proxy+"'", answer(200, okConfig))
		got := strings.ReplaceAll(w.fetchFrom(t, "sparse+https://127.0.0.1:9/"), proxy, "PROXY")
		if !strings.HasSuffix(got, test.want) {
			t.Errorf("%.40q:\n got %s\nwant %s", test.answer, got, test.want)
		}
		if said := w.said[len(w.said)-1]; !strings.HasPrefix(said, "spurious network error (1 try remaining): ") {
			t.Errorf("%.40q: said %s", test.answer, said)
		}
	}
}

func TestConnectRequestIsCargos(t *testing.T) {
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
	w.fetchFrom(t, "sparse+https://h.test/")
	expect(t, "request", <-asked, "CONNECT h.test:443 HTTP/1.1\nHost: h.test:443\nUser-Agent: test/1\nProxy-Authorization: Basic "+
		base64.StdEncoding.EncodeToString([]byte("u:p"))+"\nProxy-Connection: Keep-Alive\n")
}

// relay copies everything between a client and a server.
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
	// tunnel connects clients that send the password.
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
		expect(t, proxy, w.fetchFrom(t, "sparse+https://example.com/"), "http://h/api")
	}
}

func TestForwardingProxiesGetThePassword(t *testing.T) {
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
		expect(t, "API", w.fetchFrom(t, "sparse+http://h.test/i/"), "http://h/api")
	}
	expect(t, "asked", strings.Join(asked, ", "), "http://h.test/i/config.json Basic dTpw, http://h.test/i/config.json Basic dTpw")
}

// differs: proxy-answer-headers
func TestRefusalHasNoHeadersOfTheProxy(t *testing.T) {
	server := httptest.NewTLSServer(answer(403, "no", "X-Cache: the server's"))
	defer server.Close()
	proxy := peer(t, onceAsked("HTTP/1.1 200 OK\r\nX-Cache: the proxy's\r\n\r\n", func(conn net.Conn) { relay(conn, server) }))
	w := newWorld(t, "net.retry=0\nhttp.cainfo='"+trustFile(t, server)+"'\nhttp.proxy='"+proxy+"'", nil)
	got := w.fetchFrom(t, "sparse+https://example.com/")
	if want := "got 403\ndebug headers:\nx-cache: the server's\nbody:\nno"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// script expects a line, sends the next, and so on. It reports whether it got all
// that it expected.
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
		if got := w.fetchFrom(t, "sparse+http://"+test.host+":9/"); !strings.HasSuffix(got, want) {
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
		// The request has a fixed length, since the host is an address.
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

func TestLocalhostNeedsNoResolver(t *testing.T) {
	for _, host := range []string{"localhost", "LOCALHOST.", "a.localhost"} {
		var dialled []string
		w := newWorld(t, "net.retry=0", answer(200, okConfig))
		w.dial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, io.ErrClosedPipe
		}
		got := w.fetchFrom(t, "sparse+http://"+host+":9/")
		if want := "no connection to " + strings.ToLower(host) + ":9: it sent invalid data"; !strings.HasSuffix(got, want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		expect(t, host, strings.Join(dialled, " "), "[::1]:9 127.0.0.1:9")
	}
}
