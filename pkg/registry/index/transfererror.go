package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
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
	errProxy               = 97
	errTooLarge            = 100
)

// transferErrors are the errors by their codes.
var transferErrors = [...]struct {
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
	errProxy:               {"proxy handshake error", false},
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
		return known
	}
	var netError net.Error
	text := strings.TrimPrefix(err.Error(), "net/http: HTTP/1.x transport connection broken: ")
	switch {
	case reset(err) != "":
		return &transferError{errReceive, reset(err), err}
	case errors.Is(err, syscall.EPIPE):
		return &transferError{errSend, "Send failure: Broken pipe", err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "server closed idle connection"):
		return &transferError{errGotNothing, "Empty reply from server", err}
	case errors.As(err, &netError) && netError.Timeout():
		return &transferError{errTimeout, "Connection timed out", err}
	}
	return &transferError{errReceive, text, err}
}

// reset says that a connection was reset; it is empty if it was not.
func reset(err error) string {
	if errors.Is(err, syscall.ECONNRESET) {
		return "Recv failure: Connection reset by peer"
	}
	return ""
}
