package index

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
			if got := w.fetchFrom(t, "sparse+https://"+test.host+port+"/"); !strings.HasSuffix(got, test.want) {
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
		if got := w.fetchFrom(t, "sparse+"+server.URL+"/"); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s with %s:\n got %s\nwant %s", test.config, tls.VersionName(test.server), got, test.want)
		}
	}
}

// differs: tls-library
func TestCiphersWithoutForwardSecrecyAreRefused(t *testing.T) {
	server := newTLSServer(t, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}})
	w := newWorld(t, "net.retry=0\nhttp.cainfo='"+trustFile(t, server)+"'", answer(200, okConfig))
	if got, want := w.fetchFrom(t, "sparse+"+server.URL+"/"), ": it answered `handshake failure`"; !strings.HasSuffix(got, want) {
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
		expect(t, "API", w.fetchFrom(t, "sparse+"+server.URL+"/"), "http://h/api")
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
		if got := w.fetchFrom(t, "sparse+http://h.test/"); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s:\n got %s\nwant %s", test.config, got, test.want)
		}
	}
}

// newTLSServer starts a registry with a TLS configuration, which may be nil.
func newTLSServer(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(answer(200, okConfig))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// hello is a server that sends an answer to a TLS client hello.
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

func TestBrokenHandshakes(t *testing.T) {
	const failed = "no connection to "
	for said, want := range map[string]string{
		"":                             "it closed the connection",
		"HTTP/1.1 400 Bad\r\n\r\n":     "it does not answer in TLS",
		"\x15\x03\x01\x00\x02\x02\x28": "it answered `handshake failure`",
		"\x15\x03\x03\x00\x02\x02\x70": "it answered `unrecognized name`",
	} {
		w, server := newWorld(t, "net.retry=1", nil), peer(t, hello(said))
		want = failed + server + ": " + want
		expect(t, said, w.fetchFrom(t, "sparse+https://"+server+"/"), updating+"download of config.json failed | "+want)
		expect(t, said, w.said[len(w.said)-1], "spurious network error (1 try remaining): "+want)
	}
}

// issued is a certificate with its key.
type issued struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// newAuthority returns a self-signed authority.
func newAuthority(t *testing.T, name string) issued {
	t.Helper()
	return issued{}.issue(t, name, func(c *x509.Certificate) { c.IsCA = true })
}

// issue returns a certificate for 127.0.0.1 that change has edited. Its issuer is i,
// or itself if i is empty.
func (i issued) issue(t *testing.T, name string, change func(*x509.Certificate)) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return i.issueFor(t, key, name, change)
}

func (i issued) issueFor(t *testing.T, key crypto.Signer, name string, change func(*x509.Certificate)) issued {
	t.Helper()
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	change(c)
	if i.certificate == nil {
		i = issued{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, i.certificate, key.Public(), i.key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return issued{c, key}
}

// file returns a file with the certificate.
func (i issued) file(t *testing.T) string {
	t.Helper()
	return certificateFile(t, i.certificate)
}

func certificateFile(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCertificates(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	known, unknown := newAuthority(t, "Known"), newAuthority(t, "Unknown")
	plain := func(*x509.Certificate) {}
	authority := func(c *x509.Certificate) { c.IsCA = true }
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }
	future := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }
	elsewhere := func(c *x509.Certificate) { c.IPAddresses = nil; c.DNSNames = []string{"h"} }
	intermediate := known.issue(t, "Intermediate", authority)
	expiredBetween := known.issue(t, "Expired", func(c *x509.Certificate) { authority(c); expired(c) })
	noAuthority := known.issue(t, "No authority", plain)
	restricted := known.issue(t, "Restricted", func(c *x509.Certificate) { authority(c); c.PermittedDNSDomains = []string{"example.com"} })
	const (
		unknownIssuer = "certificate signed by unknown authority"
		notNow        = "certificate has expired or is not yet valid"
		weakKey       = "it has an RSA key of less than 2048 bits, or its issuer has"
	)

	for _, test := range []struct {
		about string
		leaf  issued
		sent  []issued
		want  string // empty for a success
	}{
		{"good", known.issue(t, "a", plain), nil, ""},
		{"good chain", intermediate.issue(t, "a", plain), []issued{intermediate}, ""},
		{"chain with a hole", intermediate.issue(t, "a", plain), nil, unknownIssuer},
		{"unknown issuer", unknown.issue(t, "a", plain), nil, unknownIssuer},
		{"unknown issuer, sent", unknown.issue(t, "a", plain), []issued{unknown}, unknownIssuer},
		{"self-signed", issued{}.issue(t, "a", plain), nil, unknownIssuer},
		{"expired", known.issue(t, "a", expired), nil, notNow},
		{"expired issuer", expiredBetween.issue(t, "a", plain), []issued{expiredBetween}, notNow},
		{"not yet valid", known.issue(t, "a", future), nil, notNow},
		{"expired and unknown issuer", unknown.issue(t, "a", expired), nil, notNow},
		{"expired and wrong name", known.issue(t, "a", func(c *x509.Certificate) { expired(c); elsewhere(c) }), nil, notNow},
		{"wrong name", known.issue(t, "a", elsewhere), nil, "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"},
		{"wrong name and unknown issuer", unknown.issue(t, "a", elsewhere), nil, "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"},
		{"wrong common name", known.issue(t, "a", func(c *x509.Certificate) { c.IPAddresses = nil }), nil, "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"},
		// differs: certificate-names
		{
			"right common name", known.issue(t, "127.0.0.1", func(c *x509.Certificate) { c.IPAddresses = nil }), nil,
			"certificate relies on legacy Common Name field, use SANs instead",
		},
		{"issuer that is none", noAuthority.issue(t, "a", plain), []issued{noAuthority}, unknownIssuer},
		{
			"for clients only", known.issue(t, "a", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), nil,
			"certificate specifies an incompatible key usage",
		},
		{
			"name that its issuer may not have", restricted.issue(t, "a", func(c *x509.Certificate) { c.DNSNames = []string{"h"} }),
			[]issued{restricted},
			"a root or intermediate certificate is not authorized to sign for this name",
		},
		{"weak key", known.issueFor(t, weak, "a", plain), nil, weakKey},
		{"weak key and unknown issuer", unknown.issueFor(t, weak, "a", plain), nil, unknownIssuer},
	} {
		t.Run(test.about, func(t *testing.T) {
			sent := tls.Certificate{Certificate: [][]byte{test.leaf.certificate.Raw}, PrivateKey: test.leaf.key}
			for _, issuer := range test.sent {
				sent.Certificate = append(sent.Certificate, issuer.certificate.Raw)
			}
			server := newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{sent}})
			w := newWorld(t, "net.retry=3\nhttp.cainfo='"+known.file(t)+"'", nil)
			want := "http://h/api"
			if test.want != "" {
				want = updating + "download of config.json failed | the certificate of " + strings.TrimPrefix(server.URL, "https://") + " is not trusted: " + test.want
			}
			if got := w.fetchFrom(t, "sparse+"+server.URL+"/"); !strings.HasPrefix(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if len(w.waits) > 0 {
				t.Error("it was tried again")
			}
		})
	}
}
