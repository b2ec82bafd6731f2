package index

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrivateAuthority(t *testing.T) {
	server := newTLSServer(t, nil)
	authority := trustFile(t, server)
	none := filepath.Join(t.TempDir(), "none.pem")
	other := newAuthority(t, "Other").file(t)
	broken := filepath.Join(t.TempDir(), "broken.pem")
	data, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...)
	if err := os.WriteFile(broken, data, 0o666); err != nil {
		t.Fatal(err)
	}
	const untrusted = " is not trusted: certificate signed by unknown authority (`http.cainfo` names others)"
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	for _, test := range []struct {
		about, host, config string
		environ             []string
		want                string
	}{
		{"unknown", "127.0.0.1", "", nil, untrusted},
		{"cainfo", "127.0.0.1", "cainfo='" + authority + "'", nil, "http://h/api"},
		{"SSL_CERT_FILE", "127.0.0.1", "", []string{"SSL_CERT_FILE=" + authority}, "http://h/api"},
		{"SSL_CERT_FILE that is not there", "127.0.0.1", "", []string{"SSL_CERT_FILE=" + none}, untrusted},
		{
			"cainfo that is not there", "127.0.0.1", "cainfo='" + none + "'", nil,
			"the certificates in " + none + " cannot be used: No such file or directory (os error 2)",
		},
		{
			"another host", "localhost", "cainfo='" + authority + "'", nil,
			"the certificate of localhost" + port + " is not trusted: certificate is valid for example.com, *.example.com, not localhost",
		},
		{
			"cainfo that is partly broken", "127.0.0.1", "cainfo='" + broken + "'", nil,
			"the certificates in " + broken + " cannot be used: one of them is broken",
		},
		{
			"SSL_CERT_FILE that is broken", "127.0.0.1", "",
			[]string{"SSL_CERT_FILE=" + broken},
			"the certificates in " + broken + " cannot be used: one of them is broken",
		},
		{"SSL_CERT_DIR", "127.0.0.1", "", []string{"SSL_CERT_DIR=" + filepath.Dir(authority)}, "http://h/api"},
		{"SSL_CERT_DIR and SSL_CERT_FILE", "127.0.0.1", "", []string{"SSL_CERT_DIR=" + filepath.Dir(authority), "SSL_CERT_FILE=" + other}, "http://h/api"},
		// differs: certificate-files
		{"SSL_CERT_DIR and cainfo", "127.0.0.1", "cainfo='" + other + "'", []string{"SSL_CERT_DIR=" + filepath.Dir(authority)}, "http://h/api"},
		{"SSL_CERT_FILE and cainfo", "127.0.0.1", "cainfo='" + other + "'", []string{"SSL_CERT_FILE=" + authority}, untrusted},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newWorld(t, "net.retry=0\n[http]\n"+test.config, answer(200, okConfig), test.environ...)
			if got := w.fetchFrom(t, targetAt(t, "sparse+https://"+test.host+port+"/")); !strings.HasSuffix(got, test.want) {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// trustFile returns a file with the certificate of a server.
func trustFile(t *testing.T, server *httptest.Server) string {
	t.Helper()
	return certificateFile(t, server.Certificate())
}

func TestVersionsOfTLS(t *testing.T) {
	const (
		ok      = "http://h/api"
		none    = ": `http.ssl-version` allows neither TLS 1.2 nor TLS 1.3"
		refused = ": it answered `protocol version not supported`"
	)
	for _, test := range []struct {
		config string
		server uint16
		want   string
	}{
		{"", tls.VersionTLS13, ok},
		{"", tls.VersionTLS12, ok},
		{"", tls.VersionTLS11, refused},
		{"ssl-version='tlsv1'", tls.VersionTLS10, refused},
		{"ssl-version='tlsv1.3'", tls.VersionTLS12, refused},
		{"ssl-version={min='tlsv1',max='tlsv1.2'}", tls.VersionTLS12, ok},
		{"ssl-version={max='tlsv1.2'}", tls.VersionTLS13, refused},
		{"ssl-version={max='tlsv1.1'}", tls.VersionTLS13, none},
		{"ssl-version={min='tlsv1.3',max='tlsv1.2'}", tls.VersionTLS13, none},
		{"ssl-version={min='tlsv1.1',max='tlsv1'}", tls.VersionTLS13, ok},
	} {
		server := newTLSServer(t, &tls.Config{MinVersion: test.server, MaxVersion: test.server})
		w := newWorld(t, "net.retry=0\n[http]\ncainfo='"+trustFile(t, server)+"'\n"+test.config, answer(200, okConfig))
		if got := w.fetchFrom(t, targetAt(t, "sparse+"+server.URL+"/")); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s with %s:\n got %s\nwant %s", test.config, tls.VersionName(test.server), got, test.want)
		}
	}
}

// differs: tls-library
func TestCiphersWithoutForwardSecrecyAreNotSpoken(t *testing.T) {
	server := newTLSServer(t, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}})
	w := newWorld(t, "net.retry=0\nhttp.cainfo='"+trustFile(t, server)+"'", answer(200, okConfig))
	if got, want := w.fetchFrom(t, targetAt(t, "sparse+"+server.URL+"/")), ": it answered `handshake failure`"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMultiplexing(t *testing.T) {
	for setting, want := range map[string]string{"": "HTTP/2.0", "multiplexing=false": "HTTP/1.1"} {
		got := ""
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			got = req.Proto
			answer(200, okConfig)(rw, req)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		w := newWorld(t, "net.retry=0\n[http]\ncainfo='"+trustFile(t, server)+"'\n"+setting, answer(200, okConfig))
		expect(t, "API", w.fetchFrom(t, targetAt(t, "sparse+"+server.URL+"/")), "http://h/api")
		expect(t, setting, got, want)
		server.Close()
	}
}

func TestAuthoritiesOfProxies(t *testing.T) {
	proxy := newTLSServer(t, nil)
	authority, other := trustFile(t, proxy), newAuthority(t, "Other").file(t)
	none := filepath.Join(t.TempDir(), "none.pem")
	const untrusted = " is not trusted: certificate signed by unknown authority (`http.cainfo` names others)"
	for _, test := range []struct{ config, want string }{
		{"proxy-cainfo='" + authority + "'", "http://h/api"},
		{"cainfo='" + authority + "'", "http://h/api"},
		{"cainfo='" + authority + "'\nproxy-cainfo='" + other + "'", untrusted},
		{
			"cainfo='" + authority + "'\nproxy-cainfo='" + none + "'",
			"the certificates in " + none + " cannot be used: No such file or directory (os error 2)",
		},
	} {
		w := newWorld(t, "net.retry=0\n[http]\nproxy='"+proxy.URL+"'\n"+test.config, answer(200, okConfig))
		if got := w.fetchFrom(t, targetAt(t, "sparse+http://h.test/")); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s:\n got %s\nwant %s", test.config, got, test.want)
		}
	}
}

// newTLSServer starts a registry that speaks TLS as config says; nil is as usual.
func newTLSServer(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(answer(200, okConfig))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// hello is a server that answers the first words of TLS.
func hello(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		// Unread data would reset the connection.
		header := make([]byte, 5)
		if _, err := io.ReadFull(conn, header); err == nil {
			_, _ = io.CopyN(io.Discard, conn, int64(header[3])<<8|int64(header[4]))
			_, _ = io.WriteString(conn, answer)
		}
	}
}

func TestTLSIsBrokenOff(t *testing.T) {
	const failed = "no connection to "
	for said, want := range map[string]string{
		"":                             "it closed the connection",
		"HTTP/1.1 400 Bad\r\n\r\n":     "it does not answer in TLS",
		"\x15\x03\x01\x00\x02\x02\x28": "it answered `handshake failure`",
		"\x15\x03\x03\x00\x02\x02\x70": "it answered `unrecognized name`",
	} {
		w, server := newWorld(t, "net.retry=1", nil), peer(t, hello(said))
		want = failed + server + ": " + want
		expect(t, said, w.fetchFrom(t, targetAt(t, "sparse+https://"+server+"/")), updating+"download of config.json failed | "+want)
		expect(t, said, w.said[len(w.said)-1], "spurious network error (1 try remaining): "+want)
	}
}
