package index

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// tlsVersion returns a version of TLS by its name in [http]; 0 is the library's
// own choice.
func tlsVersion(name string) (version uint16, ok bool) {
	switch name {
	case "default":
		return 0, true
	case "tlsv1", "tlsv1.0":
		return tls.VersionTLS10, true
	case "tlsv1.1":
		return tls.VersionTLS11, true
	case "tlsv1.2":
		return tls.VersionTLS12, true
	case "tlsv1.3":
		return tls.VersionTLS13, true
	}
	return 0, false
}

// checkSSLVersions refuses versions that are not known.
func checkSSLVersions(http config.HTTP) error {
	for _, version := range []*string{http.SSLVersion, http.SSLMin, http.SSLMax} {
		if version == nil {
			continue
		}
		if _, ok := tlsVersion(*version); !ok {
			return fmt.Errorf("Invalid ssl version `%s`,choose from 'default', 'tlsv1', 'tlsv1.0', 'tlsv1.1', "+
				"'tlsv1.2', 'tlsv1.3'.", *version)
		}
	}
	return nil
}

// tlsSettings say how TLS is spoken with servers or with proxies.
type tlsSettings struct {
	config *tls.Config
	// problem is why it cannot be spoken at all.
	problem error
}

// serverTLS returns which versions of TLS are spoken with servers, and whom to
// trust. `check-revoke` is for Windows only, where revocation lists can be
// asked.
func (c *Client) serverTLS(http config.HTTP) tlsSettings {
	roots, err := c.trusted(http.CAInfo)
	settings := newTLSSettings(roots, err)
	if http.Multiplexing == nil || *http.Multiplexing {
		settings.config.NextProtos = []string{"h2", "http/1.1"}
	}
	var lowest, highest string
	switch {
	case http.SSLVersion != nil:
		// curl takes it as the lowest.
		lowest = *http.SSLVersion
	case http.SSLMin != nil:
		lowest = *http.SSLMin
	}
	if http.SSLMax != nil {
		highest = *http.SSLMax
	}
	settings.restrict(lowest, highest)
	return settings
}

// proxyTLS is serverTLS for proxies, which `ssl-version` is not about.
func (c *Client) proxyTLS(http config.HTTP) tlsSettings {
	authorities := http.ProxyCAInfo
	if authorities == nil {
		authorities = http.CAInfo
	}
	return newTLSSettings(c.trusted(authorities))
}

func newTLSSettings(roots *x509.CertPool, problem error) tlsSettings {
	return tlsSettings{
		&tls.Config{
			NextProtos:       []string{"http/1.1"},
			RootCAs:          roots,
			MinVersion:       tls.VersionTLS12,
			CipherSuites:     cipherSuites(),
			VerifyConnection: refuseWeakKeys,
		},
		problem,
	}
}

// restrict sets the versions that are spoken. None below TLS 1.2 is, whatever
// is configured: Cargo's OpenSSL refuses them too.
func (s *tlsSettings) restrict(lowest, highest string) {
	if highest == "tlsv1" {
		// For curl this is no bound.
		highest = "default"
	}
	least, _ := tlsVersion(lowest)
	most, _ := tlsVersion(highest)
	s.config.MinVersion, s.config.MaxVersion = max(least, tls.VersionTLS12), most
	switch {
	case most == 0 || s.problem != nil:
	case most < least:
		s.problem = &transferError{errTLSConnect, "CURL_SSLVERSION_MAX incompatible with CURL_SSLVERSION", nil}
	case most < tls.VersionTLS12:
		s.problem = &transferError{errTLSConnect, "TLS connect error: error:0A0000BF:SSL routines::no protocols available", nil}
	}
}

// cipherSuites returns what TLS 1.2 may be spoken with: as OpenSSL does, also
// without forward secrecy, which old servers cannot do.
func cipherSuites() []uint16 {
	var suites []uint16
	for _, suite := range tls.CipherSuites() {
		suites = append(suites, suite.ID)
	}
	for _, suite := range tls.InsecureCipherSuites() {
		if strings.Contains(suite.Name, "_AES_") {
			suites = append(suites, suite.ID)
		}
	}
	return suites
}

// encrypt makes a connection an encrypted one, or closes it.
func (s tlsSettings) encrypt(ctx context.Context, conn net.Conn, host string) (*tls.Conn, error) {
	if s.problem != nil {
		conn.Close()
		return nil, s.problem
	}
	config := s.config.Clone()
	config.ServerName = host
	encrypted := tls.Client(carrier{conn}, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, s.handshakeError(err)
	}
	return encrypted, nil
}

// cutOff is how an encrypted connection ends without the words of TLS for it,
// in those of the library that Cargo carries.
const cutOff = "OpenSSL SSL_read: OpenSSL/3.5.4: error:0A000126:SSL routines::unexpected eof while reading, errno 0"

// carrier is a connection under TLS. TLS says when it ends: a connection that
// ends before has been cut off.
type carrier struct{ net.Conn }

func (c carrier) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		err = &transferError{errReceive, cutOff, errCutOff}
	}
	return n, err
}

var errCutOff = errors.New("cut off")
