package index

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const certificateTrouble = "SSL certificate problem: "

// leastRSA is how many bits an RSA key must have.
const leastRSA = 2048

func isWeak(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() < leastRSA
}

// refuseWeakKeys refuses what Go accepts and OpenSSL does not.
func refuseWeakKeys(state tls.ConnectionState) error {
	certificates := state.PeerCertificates
	switch {
	case isWeak(certificates[0]):
		return &transferError{errPeerCertificate, certificateTrouble + "EE certificate key too weak", nil}
	case !slices.ContainsFunc(state.VerifiedChains, func(chain []*x509.Certificate) bool { return !slices.ContainsFunc(chain, isWeak) }):
		return &transferError{errPeerCertificate, certificateTrouble + "CA certificate key too weak", nil}
	}
	return nil
}

// certificateProblem says in OpenSSL's words why a server's certificate was
// refused. Go reports what it finds first; OpenSSL looks for the issuers first,
// then at the time, and curl at the name in the end. So the certificates are
// looked at once more, for the words only.
func certificateProblem(refusal *tls.CertificateVerificationError, roots *x509.CertPool) string {
	chain := sentChain(refusal.UnverifiedCertificates)
	leaf, top := chain[0], chain[len(chain)-1]
	if isWeak(leaf) {
		return certificateTrouble + "EE certificate key too weak"
	}
	usesSHA1 := slices.ContainsFunc(chain, func(c *x509.Certificate) bool {
		return !isSelfIssued(c) && (c.SignatureAlgorithm == x509.SHA1WithRSA || c.SignatureAlgorithm == x509.ECDSAWithSHA1)
	})
	if !isAnchored(top, roots) {
		switch {
		case usesSHA1:
			return certificateTrouble + "CA signature digest algorithm too weak"
		case isSelfIssued(leaf):
			return certificateTrouble + "self-signed certificate"
		case isSelfIssued(top):
			return certificateTrouble + "self-signed certificate in certificate chain"
		}
		return certificateTrouble + "unable to get local issuer certificate"
	}
	if slices.ContainsFunc(chain[1:], func(c *x509.Certificate) bool { return !c.IsCA }) {
		return certificateTrouble + "invalid CA certificate"
	}
	if !isForServers(leaf) {
		return certificateTrouble + "unsuitable certificate purpose"
	}
	now := time.Now()
	for _, c := range slices.Backward(chain) {
		switch {
		case now.Before(c.NotBefore):
			return certificateTrouble + "certificate is not yet valid"
		case now.After(c.NotAfter):
			return certificateTrouble + "certificate has expired"
		}
	}
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(refusal.Err, &name):
		return wrongName(leaf, name.Host)
	case errors.As(refusal.Err, &invalid) && invalid.Reason == x509.Expired:
		return certificateTrouble + "certificate has expired"
	case errors.As(refusal.Err, &invalid) && invalid.Reason == x509.CANotAuthorizedForThisName:
		return certificateTrouble + "permitted subtree violation"
	}
	return certificateTrouble + refusal.Err.Error()
}

// sentChain returns a certificate and its issuers, as far as the server has
// sent them.
func sentChain(sent []*x509.Certificate) []*x509.Certificate {
	chain := sent[:1:1]
	for len(chain) <= len(sent) {
		last := chain[len(chain)-1]
		i := slices.IndexFunc(sent, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, last.RawIssuer) })
		if isSelfIssued(last) || i < 0 {
			break
		}
		chain = append(chain, sent[i])
	}
	return chain
}

func isSelfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// isAnchored reports whether a certificate is that of an authority or has been
// issued by one, at a time when it was valid.
func isAnchored(c *x509.Certificate, roots *x509.CertPool) bool {
	at := time.Now()
	if at.Before(c.NotBefore) {
		at = c.NotBefore
	} else if at.After(c.NotAfter) {
		at = c.NotAfter
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var authority x509.UnknownAuthorityError
	return !errors.As(err, &authority)
}

func isForServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// wrongName says that a certificate is not for a host.
func wrongName(c *x509.Certificate, host string) string {
	host = strings.Trim(host, "[]")
	if len(c.DNSNames)+len(c.IPAddresses) == 0 && c.Subject.CommonName != "" && !strings.EqualFold(c.Subject.CommonName, host) {
		return fmt.Sprintf("SSL: certificate subject name '%s' does not match target hostname '%s'", c.Subject.CommonName, host)
	}
	kind := "hostname"
	if address, err := netip.ParseAddr(host); err == nil {
		kind = "ipv6 address"
		if address.Is4() {
			kind = "ipv4 address"
		}
	}
	return fmt.Sprintf("SSL: no alternative certificate subject name matches target %s '%s'", kind, host)
}
