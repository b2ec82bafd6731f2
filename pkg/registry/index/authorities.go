package index

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// trusted returns the authorities in a file and in $SSL_CERT_DIR; if no file is
// configured, those in $SSL_CERT_FILE and of the system too. What the
// environment names is passed over if it is not there. It returns nil for those
// of the system alone.
func (c *Client) trusted(file *config.Value[string]) (*x509.CertPool, error) {
	var pool *x509.CertPool
	var path string
	if file != nil {
		pool, path = x509.NewCertPool(), c.Config.ResolvePath(file.Val, file.Definition)
	} else {
		path = c.existing("SSL_CERT_FILE")
	}
	dir := c.existing("SSL_CERT_DIR")
	if pool == nil && path == "" && dir == "" {
		return nil, nil
	}
	if pool == nil {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			pool = x509.NewCertPool()
		}
	}
	if file != nil || path != "" {
		if err := addAuthorities(pool, path); err != nil {
			return nil, &transferError{errCACertificates, "error setting certificate file: " + path, err}
		}
	}
	if dir != "" {
		addDirectory(pool, dir)
	}
	return pool, nil
}

// existing returns the path in a variable, if there is something there.
func (c *Client) existing(variable string) string {
	path, _ := c.Config.Env(variable)
	if path == "" {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

var (
	errNoAuthorities  = errors.New("no certificates")
	errBadCertificate = errors.New("something is no certificate")
)

// addAuthorities adds the certificates in a file. Like OpenSSL it takes all of
// them or none.
func addAuthorities(pool *x509.CertPool, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begun := bytes.Count(data, []byte("-----BEGIN "))
	for rest := data; ; begun-- {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		// OpenSSL reads some certificates that Go does not: they are not used,
		// but do not matter to the others.
		var der asn1.RawValue
		if after, err := asn1.Unmarshal(block.Bytes, &der); err != nil || len(after) > 0 {
			return errBadCertificate
		}
	}
	if begun != 0 {
		return errBadCertificate
	}
	if !pool.AppendCertsFromPEM(data) {
		return errNoAuthorities
	}
	return nil
}

// addDirectory adds the certificates in the files of a directory.
func addDirectory(pool *x509.CertPool, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if data, err := os.ReadFile(filepath.Join(dir, entry.Name())); err == nil {
			pool.AppendCertsFromPEM(data)
		}
	}
}
