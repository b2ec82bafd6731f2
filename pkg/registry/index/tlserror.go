package index

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
)

// handshakeError says why there is no TLS on a connection, in the words of
// curl and of OpenSSL.
func (s tlsSettings) handshakeError(err error) error {
	var (
		untrusted *tls.CertificateVerificationError
		known     *transferError
		record    tls.RecordHeaderError
		alert     *net.OpError
	)
	failed := func(text string) error {
		return &transferError{errTLSConnect, "TLS connect error: " + text, err}
	}
	switch {
	case errors.As(err, &untrusted):
		return &transferError{errPeerCertificate, certificateProblem(untrusted, s.config.RootCAs), err}
	case errors.Is(err, errCutOff):
		return failed("error:0A000126:SSL routines::unexpected eof while reading")
	case errors.As(err, &known):
		return known
	case reset(err) != "":
		return &transferError{errTLSConnect, reset(err), err}
	case errors.As(err, &record):
		return failed("error:0A00010B:SSL routines::wrong version number")
	case errors.As(err, &alert) && alert.Op == "remote error":
		name := strings.TrimPrefix(alert.Err.Error(), "tls: ")
		if a, ok := alerts()[name]; ok {
			// This is how OpenSSL numbers them.
			return failed(fmt.Sprintf("error:0A%06X:SSL routines::%s", 1000+a.number, a.text))
		}
	}
	return failed(err.Error())
}

// opensslAlert is a number of TLS's and OpenSSL's words for it.
type opensslAlert struct {
	number int
	text   string
}

// alerts returns what a server may say of a handshake, by Go's names.
func alerts() map[string]opensslAlert {
	return map[string]opensslAlert{
		"unexpected message":             {10, "ssl/tls alert unexpected message"},
		"bad record MAC":                 {20, "ssl/tls alert bad record mac"},
		"handshake failure":              {40, "ssl/tls alert handshake failure"},
		"bad certificate":                {42, "ssl/tls alert bad certificate"},
		"unsupported certificate":        {43, "ssl/tls alert unsupported certificate"},
		"illegal parameter":              {47, "ssl/tls alert illegal parameter"},
		"access denied":                  {49, "tlsv1 alert access denied"},
		"error decoding message":         {50, "tlsv1 alert decode error"},
		"error decrypting message":       {51, "tlsv1 alert decrypt error"},
		"protocol version not supported": {70, "tlsv1 alert protocol version"},
		"insufficient security level":    {71, "tlsv1 alert insufficient security"},
		"internal error":                 {80, "tlsv1 alert internal error"},
		"unrecognized name":              {112, "tlsv1 unrecognized name"},
		"certificate required":           {116, "tlsv13 alert certificate required"},
	}
}
