package index

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/cargo-auth/cargo-auth/internal/system"
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
func checkSSLVersions(http httpTable) error {
	for _, version := range []*string{http.SSLVersion.Only, http.SSLVersion.Min, http.SSLVersion.Max} {
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

// serverTLS returns which versions of TLS are spoken with servers, and whom to
// trust. None below TLS 1.2 is spoken, whatever is configured. `check-revoke` is
// for Windows only, where revocation lists can be asked.
func (c *Client) serverTLS(http httpTable) (*tls.Config, error) {
	settings, err := c.newTLS(http.CAInfo)
	if err != nil {
		return nil, err
	}
	// A single version is the lowest for Cargo.
	for _, lowest := range []*string{http.SSLVersion.Only, http.SSLVersion.Min} {
		if lowest != nil {
			settings.MinVersion = max(settings.MinVersion, tlsVersions[*lowest])
		}
	}
	// As the highest version "tlsv1" is no bound for Cargo.
	if http.SSLVersion.Max != nil && *http.SSLVersion.Max != "tlsv1" {
		settings.MaxVersion = tlsVersions[*http.SSLVersion.Max]
	}
	return settings, nil
}

// proxyTLS is serverTLS for a proxy, which `ssl-version` is not about.
func (c *Client) proxyTLS(http httpTable, proxy *url.URL) (*tls.Config, error) {
	settings, err := c.newTLS(cmp.Or(http.ProxyCAInfo, http.CAInfo))
	if err != nil {
		return nil, err
	}
	settings.ServerName = proxy.Hostname()
	return settings, nil
}

func (c *Client) newTLS(authorities *config.Value[string]) (*tls.Config, error) {
	roots, err := c.trusted(authorities)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, VerifyConnection: refuseWeakKeys}, nil
}

var errWeakKey = errors.New("it has an RSA key of less than 2048 bits, or its issuer has")

// refuseWeakKeys refuses short RSA keys, which Cargo does not accept either.
func refuseWeakKeys(state tls.ConnectionState) error {
	isWeak := func(c *x509.Certificate) bool {
		key, ok := c.PublicKey.(*rsa.PublicKey)
		return ok && key.N.BitLen() < 2048
	}
	for _, chain := range state.VerifiedChains {
		if !slices.ContainsFunc(chain, isWeak) {
			return nil
		}
	}
	return errWeakKey
}

// trusted returns the authorities in a file and in the directories of
// $SSL_CERT_DIR; if no file is configured, those in $SSL_CERT_FILE and of the
// system too. What the environment names is passed over if it is not there. It
// returns nil for those of the system alone.
func (c *Client) trusted(file *config.Value[string]) (*x509.CertPool, error) {
	pool, path := x509.NewCertPool(), c.existing("SSL_CERT_FILE")
	dirs, _ := system.LookupEnv(c.Config.Environ, "SSL_CERT_DIR")
	if file != nil {
		path = c.Config.ResolvePath(file.Val, file.Definition)
	} else if path == "" && dirs == "" {
		return nil, nil
	}
	// Before Go's library reads what the variables name, which may be a pipe.
	var data []byte
	if path != "" {
		var err error
		if data, err = system.ReadFile(path); err != nil {
			return nil, authoritiesError(path, system.Error(err))
		}
	}
	contents, err := filesIn(filepath.SplitList(dirs))
	if err != nil {
		return nil, err
	}
	if file == nil {
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	if path != "" {
		if err := addAuthorities(pool, data); err != nil {
			return nil, authoritiesError(path, err)
		}
	}
	for _, content := range contents {
		pool.AppendCertsFromPEM(content)
	}
	return pool, nil
}

// filesIn returns what is in the files of directories. One that cannot be read is
// passed over, but a pipe or a device is an error.
func filesIn(dirs []string) (contents [][]byte, err error) {
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			content, err := system.ReadFile(path)
			if errors.As(err, new(system.Refused)) {
				return nil, authoritiesError(path, err)
			}
			contents = append(contents, content)
		}
	}
	return contents, nil
}

func authoritiesError(path string, err error) error {
	return &transferError{text: "the certificates in " + path + " cannot be used: " + err.Error(), cause: err}
}

// existing returns the path in a variable, if there is something there.
func (c *Client) existing(variable string) string {
	path, _ := system.LookupEnv(c.Config.Environ, variable)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// addAuthorities adds the certificates in a file's content: as Cargo does, all of
// them or none. One that is sound but of a kind that Go does not read is left out.
func addAuthorities(pool *x509.CertPool, data []byte) error {
	begun := bytes.Count(data, []byte("-----BEGIN "))
	for rest := data; ; begun-- {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		var content asn1.RawValue
		if after, err := asn1.Unmarshal(block.Bytes, &content); err != nil || len(after) > 0 {
			return errors.New("one of them is broken")
		}
	}
	if begun != 0 {
		return errors.New("one of them is broken")
	}
	if !pool.AppendCertsFromPEM(data) {
		return errors.New("there are none")
	}
	return nil
}
