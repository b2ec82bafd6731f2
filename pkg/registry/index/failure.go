package index

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This chapter says what is wrong with a transfer, and decides whether and when to
// try again.

// transferError is a transfer that failed. It does not show the errors of package
// net/http, which may quote what a server sent, even a token.
type transferError struct {
	text string
	// final is the text after the last try, if that is another.
	final string
	// spurious says that Cargo tries again.
	spurious bool
	cause    error
}

func (e *transferError) Error() string { return cmp.Or(e.final, e.text) }

// Is lets errors.Is find the cause. With Unwrap the user would see it too.
func (e *transferError) Is(target error) bool { return e.cause != nil && errors.Is(e.cause, target) }

func notFoundError(name string) error {
	return &transferError{text: name + " not found", cause: fs.ErrNotExist}
}

func wrongProtocol(at *weburl.URL) error {
	return &transferError{text: "`" + at.Scheme() + "` is not http or https"}
}

// exchange is a request on its way.
type exchange struct {
	server, proxy *url.URL
	// address is the host that the connection is to; empty until there is one.
	address  string
	http2    bool
	answered bool
}

func (e *exchange) connected(info httptrace.GotConnInfo) {
	e.address, _, _ = net.SplitHostPort(info.Conn.RemoteAddr().String())
	encrypted, ok := info.Conn.(*tls.Conn)
	e.http2 = ok && encrypted.ConnectionState().NegotiatedProtocol == "h2"
}

// explain returns the error for a request without an answer, or without all of it.
func (e *exchange) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var known *transferError
	var socks *net.OpError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &socks) && strings.HasPrefix(socks.Op, "socks"):
		// The text is the library's own, not the proxy's.
		text := strings.TrimPrefix(socks.Err.Error(), "unknown error ")
		if isCutOff(err) {
			text = reason(err)
		}
		return &transferError{text: "no connection to " + e.server.Host + " through the proxy " + e.proxy.Host + ": " + text, cause: err}
	case e.address == "" && e.proxy != nil:
		return connectionError(e.server.Host+" through the proxy "+e.proxy.Host, err)
	case e.address == "":
		return connectionError(e.server.Host, err)
	case e.answered:
		return &transferError{text: "the server's answer broke off: " + reason(err), spurious: true, cause: err}
	case isCutOff(err), strings.Contains(err.Error(), "server closed idle connection"):
		return &transferError{text: "the server closed the connection without an answer", cause: err}
	case e.http2, errors.As(err, new(*net.OpError)), errors.As(err, new(syscall.Errno)):
		return &transferError{text: "the connection to the server broke: " + reason(err), spurious: true, cause: err}
	case strings.Contains(err.Error(), "response headers exceeded"):
		return &transferError{text: fmt.Sprintf("the answer's header has more than %d bytes", longestHead), spurious: true, cause: err}
	}
	return &transferError{text: "the server's answer is not valid HTTP", cause: err}
}

// refusedByProxy returns the error of a proxy that does not connect to a server.
func refusedByProxy(_ context.Context, proxy *url.URL, connect *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &transferError{
		text:     fmt.Sprintf("no connection to %s through the proxy %s: it answered %d", connect.Host, proxy.Host, answer.StatusCode),
		spurious: true,
	}
}

// connectionError says why there is no connection to a host. Cargo does not try again
// after it has refused a certificate.
func connectionError(host string, err error) error {
	if errors.As(err, new(*tls.CertificateVerificationError)) || errors.Is(err, errWeakKey) {
		text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "tls: failed to verify certificate: "), "x509: ")
		if errors.As(err, new(x509.UnknownAuthorityError)) {
			text += " (`http.cainfo` names others)"
		}
		return &transferError{text: "the certificate of " + host + " is not trusted: " + text, cause: err}
	}
	return &transferError{text: "no connection to " + host + ": " + reason(err), spurious: true, cause: err}
}

func isCutOff(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// reason says in a few words why something on the network failed.
func reason(err error) string {
	var (
		number  syscall.Errno
		name    *net.DNSError
		refusal *net.OpError
	)
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &name) && name.IsNotFound:
		return "no such host"
	case errors.As(err, &name):
		return "the name of the host could not be looked up"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "it does not answer in TLS"
	case errors.As(err, &refusal) && refusal.Op == "remote error":
		return "it answered `" + strings.TrimPrefix(refusal.Err.Error(), "tls: ") + "`"
	case isCutOff(err):
		return "it closed the connection"
	case strings.HasPrefix(err.Error(), "tls: no supported versions"):
		return "`http.ssl-version` allows neither TLS 1.2 nor TLS 1.3"
	case strings.HasPrefix(err.Error(), "tls: "):
		return strings.TrimPrefix(err.Error(), "tls: ")
	}
	return "it sent invalid data"
}

// retry calls do until it succeeds, fails for good, or has failed too often.
func (c *Client) retry(ctx context.Context, do func() error) error {
	net, err := c.readNet()
	if err != nil {
		return err
	}
	for left := int64(*net.Retry); ; left-- {
		err := do()
		reason := ""
		var transfer *transferError
		var status *StatusError
		switch {
		case errors.As(err, &transfer) && transfer.spurious:
			reason = transfer.text
		case errors.As(err, &status) && status.isSpurious():
			reason = status.text("")
		}
		if reason == "" || left == 0 || ctx.Err() != nil {
			return err
		}
		tries := "tries"
		if left == 1 {
			tries = "try"
		}
		warning := fmt.Sprintf("spurious network error (%d %s remaining): %s", left, tries, reason)
		c.Config.Notify(config.Message{Kind: config.Warning, Text: warning})
		if err := c.sleep(ctx, c.wait(int64(*net.Retry)-left, status)); err != nil {
			return err
		}
	}
}

// wait returns how long to wait before another try: as long as the registry asks for,
// or longer each time.
func (c *Client) wait(tried int64, status *StatusError) time.Duration {
	const longest = 10 * time.Second
	if wait, ok := retryAfter(status); ok {
		return min(wait, longest)
	}
	// Cargo's own tests shorten the wait, in milliseconds.
	text, _ := system.LookupEnv(c.Config.Environ, "__CARGO_TEST_FIXED_RETRY_SLEEP_MS")
	if ms, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	wait := 500 * time.Millisecond
	if tried == 0 {
		// Clients that failed together should not come back together.
		return wait + rand.N(time.Second)
	}
	return min(wait+time.Duration(min(tried, 10))*3*time.Second, longest)
}

// retryAfter returns the wait in a Retry-After header, which holds seconds or a date.
func retryAfter(e *StatusError) (time.Duration, bool) {
	if e == nil || e.Code != http.StatusTooManyRequests && e.Code != http.StatusServiceUnavailable {
		return 0, false
	}
	value := e.header("retry-after")
	if seconds, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	wait := time.Until(date)
	return wait, wait > 0
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.pause != nil {
		return c.pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to try again: %w", context.Cause(ctx))
	}
}
