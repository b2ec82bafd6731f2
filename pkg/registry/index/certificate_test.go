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
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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

// issue returns a certificate for 127.0.0.1, as changed, that i has issued or,
// if i is nothing, the certificate itself.
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
			if got := w.fetchFrom(t, targetAt(t, "sparse+"+server.URL+"/")); !strings.HasPrefix(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if len(w.waits) > 0 {
				t.Error("it was tried again")
			}
		})
	}
}
