package index

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// tlsVersions are the versions of TLS by their names in [http]; 0 is the
// library's own choice.
var tlsVersions = map[string]uint16{
	"default": 0,
	"tlsv1":   tls.VersionTLS10,
	"tlsv1.0": tls.VersionTLS10,
	"tlsv1.1": tls.VersionTLS11,
	"tlsv1.2": tls.VersionTLS12,
	"tlsv1.3": tls.VersionTLS13,
}

// checkSSLVersions refuses versions that are not known.
func checkSSLVersions(http config.HTTP) error {
	for _, version := range []*string{http.SSLVersion, http.SSLMin, http.SSLMax} {
		if version == nil {
			continue
		}
		if _, ok := tlsVersions[*version]; !ok {
			return fmt.Errorf("Invalid ssl version `%s`,choose from 'default', 'tlsv1', 'tlsv1.0', 'tlsv1.1', "+
				"'tlsv1.2', 'tlsv1.3'.", *version)
		}
	}
	return nil
}

// tlsConfig returns which versions of TLS are spoken, and whom to trust.
// `check-revoke` is for Windows only, where revocation lists can be asked.
func (c *Client) tlsConfig(http config.HTTP) (*tls.Config, error) {
	settings := &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	if http.SSLVersion != nil {
		// curl takes it as the lowest.
		settings.MinVersion = tlsVersions[*http.SSLVersion]
	}
	if http.SSLMin != nil {
		settings.MinVersion = tlsVersions[*http.SSLMin]
	}
	if http.SSLMax != nil {
		settings.MaxVersion = tlsVersions[*http.SSLMax]
	}
	if settings.MaxVersion != 0 && settings.MinVersion == 0 {
		settings.MinVersion = tls.VersionTLS10
	}
	if http.CAInfo != nil {
		pool, err := certificates(c.Config.ResolvePath(http.CAInfo.Val, http.CAInfo.Definition))
		settings.RootCAs = pool
		return settings, err
	}
	// What the environment names is passed over if it cannot be read.
	if path, ok := c.Config.Env("SSL_CERT_FILE"); ok {
		if pool, err := certificates(path); err == nil {
			settings.RootCAs = pool
		}
	}
	return settings, nil
}

func certificates(path string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	data, err := os.ReadFile(path)
	if err != nil || !pool.AppendCertsFromPEM(data) {
		return nil, &transferError{errCACertificates, "error setting certificate file: " + path, err}
	}
	return pool, nil
}
