package index

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// newRequest returns a request with the headers that Cargo sends, and whether it
// is for the proxy that forwards it.
func (t *transport) newRequest(at *weburl.URL, authorization string) (req *http.Request, proxied bool, err error) {
	if scheme := at.Scheme(); scheme != "http" && scheme != "https" {
		return nil, false, &transferError{errUnsupportedProtocol, fmt.Sprintf("Protocol %q not supported", scheme), nil}
	}
	req, err = http.NewRequest(http.MethodGet, at.Scheme()+"://"+at.Host(), nil)
	if err != nil {
		return nil, false, &transferError{errMalformedURL, err.Error(), err}
	}
	req.Header = http.Header{
		"accept":          {"text/plain"},
		"accept-encoding": {"deflate, gzip"},
		"cargo-protocol":  {"version=1"},
		"User-Agent":      {t.userAgent},
	}
	proxy, err := t.proxies.forwarder(req.URL)
	if err != nil {
		return nil, false, err
	}
	if proxied = proxy != nil; proxied {
		req.Header["Proxy-Connection"] = []string{"Keep-Alive"}
	}
	if err := setTarget(req.URL, at, proxied); err != nil {
		return nil, false, err
	}
	switch {
	case authorization != "":
		req.Header["Authorization"] = []string{authorization}
	case at.Username() != "" || at.Password() != "":
		user, password := unescaped(at.Username()), unescaped(at.Password())
		if strings.ContainsFunc(user+password, unicode.IsControl) {
			return nil, false, &transferError{errMalformedURL, "", nil}
		}
		req.SetBasicAuth(user, password)
	}
	return req, proxied, nil
}

// setTarget sets what stands in the request line: the path as it is, which
// package net/url would encode further, or for a proxy the whole URL.
func setTarget(u *url.URL, at *weburl.URL, proxied bool) error {
	target := at.Pathname() + at.Search()
	switch {
	case proxied:
		u.Opaque = "//" + at.Host() + target
	case !strings.HasPrefix(target, "//"):
		u.Opaque = target
	default:
		// Package net/url takes this for a host.
		parsed, err := url.Parse(u.String() + target)
		if err != nil {
			return &transferError{errMalformedURL, err.Error(), err}
		}
		*u = *parsed
	}
	return nil
}

// unescaped returns a part of a URL without its percent-encoding, or as it is
// if that is wrong.
func unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// sendable reports whether a header can carry the value: no control character
// may end its line.
func sendable(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
