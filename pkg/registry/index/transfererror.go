package index

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// transferError is a failure to transfer something, with the number and the
// words that curl has for it: Cargo's users know them.
type transferError struct {
	code   int
	detail string
	cause  error
}

// The numbers of curl's errors.
const (
	errUnsupportedProtocol = 1
	errMalformedURL        = 3
	errResolveProxy        = 5
	errResolveHost         = 6
	errConnect             = 7
	errWeirdReply          = 8
	errPartialFile         = 18
	errWrite               = 23
	errTimeout             = 28
	errTLSConnect          = 35
	errFileRead            = 37
	errTooManyRedirects    = 47
	errGotNothing          = 52
	errSend                = 55
	errReceive             = 56
	errPeerCertificate     = 60
	errBadEncoding         = 61
	errTooLong             = 63
	errCACertificates      = 77
	errTooLarge            = 100
)

var transferErrors = map[int]struct {
	text     string
	spurious bool
}{
	errUnsupportedProtocol: {"Unsupported protocol", false},
	errMalformedURL:        {"URL using bad/illegal format or missing URL", false},
	errResolveProxy:        {"Could not resolve proxy name", true},
	errResolveHost:         {"Could not resolve hostname", true},
	errConnect:             {"Could not connect to server", true},
	errWeirdReply:          {"Weird server reply", false},
	errPartialFile:         {"Transferred a partial file", true},
	errWrite:               {"Failed writing received data to disk/application", false},
	errTimeout:             {"Timeout was reached", true},
	errTLSConnect:          {"SSL connect error", true},
	errFileRead:            {"Could not read a file:// file", false},
	errTooManyRedirects:    {"Number of redirects hit maximum amount", false},
	errGotNothing:          {"Server returned nothing (no headers, no data)", false},
	errSend:                {"Failed sending data to the peer", true},
	errReceive:             {"Failure when receiving data from the peer", true},
	errPeerCertificate:     {"SSL peer certificate or SSH remote key was not OK", false},
	errBadEncoding:         {"Unrecognized or bad HTTP Content or Transfer-Encoding", false},
	errTooLong:             {"Exceeded the maximum allowed file size", false},
	errCACertificates:      {"Problem with the SSL CA cert (path? access rights?)", false},
	errTooLarge:            {"A value or data field grew larger than allowed", false},
}

// Error is in one line: the cause's words are in the detail already.
func (e *transferError) Error() string {
	text := fmt.Sprintf("[%d] %s", e.code, transferErrors[e.code].text)
	if e.detail != "" {
		text += " (" + e.detail + ")"
	}
	return text
}

// Is makes the cause known to errors.Is without another line for the user.
func (e *transferError) Is(target error) bool {
	return e.cause != nil && errors.Is(e.cause, target)
}

func (e *transferError) spurious() bool { return transferErrors[e.code].spurious }

// asTransferError says in curl's words what is wrong with a transfer.
func asTransferError(ctx context.Context, err error) *transferError {
	var known *transferError
	if cause := context.Cause(ctx); errors.As(cause, &known) || errors.As(err, &known) {
		return known.throughProxy(err)
	}
	if failure := tlsError(err); failure != nil {
		return failure
	}
	var netError net.Error
	text := strings.TrimPrefix(err.Error(), "net/http: HTTP/1.x transport connection broken: ")
	switch {
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME header"):
		// From a proxy: those of answers are found before.
		return &transferError{errUnsupportedProtocol, "Received HTTP/0.9 when not allowed", err}
	case errors.Is(err, syscall.ECONNRESET):
		return &transferError{errReceive, "Recv failure: Connection reset by peer", err}
	case errors.Is(err, syscall.EPIPE):
		return &transferError{errSend, "Send failure: Broken pipe", err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "server closed idle connection"):
		return &transferError{errGotNothing, "Empty reply from server", err}
	case errors.As(err, &netError) && netError.Timeout():
		return &transferError{errTimeout, "Connection timed out", err}
	}
	return &transferError{errReceive, text, err}
}

// throughProxy returns e with the proxy in the host's place if it was the
// connection to a proxy that failed with err.
func (e *transferError) throughProxy(err error) *transferError {
	var at *net.OpError
	if host, ok := strings.CutPrefix(e.detail, noSuchHost); ok && errors.As(err, &at) && at.Op == "proxyconnect" {
		return &transferError{errResolveProxy, noSuchProxy + host, e.cause}
	}
	return e
}

const (
	noSuchHost  = "Could not resolve host: "
	noSuchProxy = "Could not resolve proxy: "
)

// connectError says why there is no connection to a server.
func connectError(err error, host, port string, elapsed time.Duration) *transferError {
	var (
		noName   *net.DNSError
		netError net.Error
	)
	switch {
	case errors.As(err, &noName):
		return &transferError{errResolveHost, noSuchHost + host, err}
	case errors.As(err, &netError) && netError.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return &transferError{errTimeout, fmt.Sprintf("Connection timed out after %d milliseconds", elapsed.Milliseconds()), err}
	}
	return &transferError{errConnect, fmt.Sprintf("Failed to connect to %s port %s after %d ms: Could not connect to server",
		host, port, elapsed.Milliseconds()), err}
}

// handshakeError says why there is no TLS on a connection.
func handshakeError(err error, elapsed time.Duration) *transferError {
	var netError net.Error
	if failure := tlsError(err); failure != nil {
		return failure
	}
	if errors.As(err, &netError) && netError.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return &transferError{errTimeout, fmt.Sprintf("Connection timed out after %d milliseconds", elapsed.Milliseconds()), err}
	}
	return &transferError{errTLSConnect, "TLS connect error: " + err.Error(), err}
}

// tlsError says what TLS itself found wrong; nil if that was not it.
func tlsError(err error) *transferError {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		any       *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     *net.OpError
	)
	problem := func(text string) *transferError {
		return &transferError{errPeerCertificate, "SSL certificate problem: " + text, err}
	}
	switch {
	case errors.As(err, &hostname):
		return &transferError{errPeerCertificate, "SSL: no alternative certificate subject name matches target " +
			targetName(hostname.Host), err}
	case errors.As(err, &authority):
		if c := authority.Cert; c != nil && bytes.Equal(c.RawIssuer, c.RawSubject) {
			return problem("self-signed certificate")
		}
		return problem("unable to get local issuer certificate")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return problem("certificate has expired")
	case errors.As(err, &any):
		return problem(any.Err.Error())
	case errors.As(err, &record):
		return &transferError{errTLSConnect, "TLS connect error: error:0A00010B:SSL routines::wrong version number", err}
	case errors.As(err, &alert) && strings.Contains(err.Error(), "tls: protocol version not supported"):
		return &transferError{errTLSConnect, "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version", err}
	}
	return nil
}

// targetName returns a host as curl speaks of the one that was wanted.
func targetName(host string) string {
	kind := "hostname"
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		kind = "ipv6 address"
		if address.Is4() {
			kind = "ipv4 address"
		}
	}
	return fmt.Sprintf("%s '%s'", kind, host)
}
