// Package weburl parses URLs by the WHATWG rules, as Cargo does, with the error
// texts that Cargo shows.
package weburl

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	urlerrors "github.com/nlnwa/whatwg-url/errors"
	whatwg "github.com/nlnwa/whatwg-url/url"
)

// URL is a parsed URL.
type URL = whatwg.Url

// Parse parses an absolute URL. Its error names the URL and says what is wrong
// with it.
func Parse(s string) (*URL, error) {
	u, err := parse(nil, s)
	if err != nil {
		return nil, describe(s, err)
	}
	return u, nil
}

// ParseBare is Parse with an error that does not name the URL.
func ParseBare(s string) (*URL, error) { return parse(nil, s) }

// ParseInDir parses an absolute URL, or a "file:" URL relative to a directory.
func ParseInDir(s, dir string) (*URL, error) {
	base, err := parse(nil, "file:///")
	if err != nil {
		return nil, err
	}
	base.SetPathname(filePath(dir) + "/")
	u, err := parse(base, s)
	if err != nil {
		return nil, describe(s, err)
	}
	return u, nil
}

// Resolve parses a URL that may be relative to another.
func Resolve(base *URL, s string) (*URL, error) { return parse(base, s) }

// parse parses s, relative to base if that is not nil.
func parse(base *URL, s string) (*URL, error) {
	var rules hostRules
	var u *URL
	var err error
	if base == nil {
		u, err = rules.parser().Parse(s)
	} else {
		u, err = rules.parser().ParseRef(base.Href(false), s)
	}
	if rules.err != nil {
		return nil, rules.err
	}
	if err != nil {
		return nil, errors.New(reason(err))
	}
	if path := u.Pathname(); u.Scheme() == "file" && strings.HasPrefix(path, "//") {
		u.SetPathname(strings.TrimLeft(path, "/"))
	}
	return u, nil
}

// filePath returns the path of a file as the path of a URL. Percent signs are
// data in a file's path, and so are backslashes outside Windows.
func filePath(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // before a drive
	}
	return strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", `\`, "%5C").Replace(path)
}

// describe names the URL that an error is about.
func describe(s string, err error) error {
	// The short form of git's ssh URLs is a frequent mistake.
	if strings.HasPrefix(s, "git@") {
		return fmt.Errorf("invalid url `%s`: %v; try using `ssh://%s` instead", s, err, strings.Replace(s, ":", "/", 1))
	}
	return fmt.Errorf("invalid url `%s`: %v", s, err)
}

// reason says what is wrong with a URL in the words of Rust's url library.
func reason(err error) string {
	kind := urlerrors.Type(err)
	switch {
	case kind == urlerrors.MissingSchemeNonRelativeURL:
		return "relative URL without a base"
	case kind == urlerrors.HostMissing, kind == urlerrors.InvalidCredentials:
		return "empty host"
	case kind == urlerrors.PortInvalid, kind == urlerrors.PortOutOfRange:
		return "invalid port number"
	case kind == urlerrors.HostInvalidCodePoint:
		return "invalid domain character"
	case strings.Contains(string(kind), "IPv6"):
		return "invalid IPv6 address"
	case strings.Contains(string(kind), "IPv4"):
		return "invalid IPv4 address"
	}
	return "invalid international domain name"
}
