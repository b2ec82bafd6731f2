package index

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// redirect returns where a Location header points to: a URL by the rules of the
// index's own, but with curl's ways for what those do not allow.
func redirect(from *weburl.URL, location string) (*weburl.URL, error) {
	unreadable := func(reason string, err error) (*weburl.URL, error) {
		return nil, &transferError{errMalformedURL, "The redirect target URL could not be parsed: " + reason, err}
	}
	location, _, _ = strings.Cut(location, "\r")
	control := strings.ContainsFunc(location, func(r rune) bool { return r < ' ' })
	if control && strings.Contains(location, "://") {
		return unreadable(malformed, nil)
	}
	if path, query, ok := strings.Cut(location, "?"); ok {
		location = path + "?" + strings.ReplaceAll(query, " ", "+")
	}
	if control || !utf8.ValidString(location) {
		location = escapeBytes(location)
	}
	to, err := weburl.Resolve(from, location)
	if err != nil && err.Error() == "empty host" {
		return unreadable(noHost, err)
	}
	if err != nil {
		return unreadable(urlProblem(err), err)
	}
	switch to.Scheme() {
	case "http", "https":
		return to, nil
	case "file", "ws", "wss":
		return nil, &transferError{errUnsupportedProtocol, fmt.Sprintf("Protocol %q disabled (in redirect)", to.Scheme()), nil}
	}
	return nil, &transferError{errUnsupportedProtocol, "The redirect target URL could not be parsed: Unsupported URL scheme", nil}
}

// urlProblem says what is wrong with a URL in curl's words.
func urlProblem(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "IPv6"), strings.Contains(text, "missing ']'"):
		return badIPv6
	case strings.Contains(text, "port"):
		return badPort
	}
	return badHostname
}

// escapeBytes writes the bytes of a URL that are not printable in ASCII.
func escapeBytes(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if ' ' <= c && c <= '~' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
