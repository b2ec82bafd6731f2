// Package weburl parses URLs by the WHATWG rules, as Cargo does.
package weburl

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	urlerrors "github.com/nlnwa/whatwg-url/errors"
	whatwg "github.com/nlnwa/whatwg-url/url"
)

// URL is a parsed URL.
type URL = whatwg.Url

// Parse parses an absolute URL. An error names the URL and says what is wrong with
// it.
func Parse(s string) (*URL, error) {
	u, err := parse(nil, s)
	if err != nil {
		return nil, describe(s, err)
	}
	return u, nil
}

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

// Resolve parses a URL that may be relative to base.
func Resolve(base *URL, s string) (*URL, error) { return parse(base, s) }

// describe names the URL in an error.
func describe(s string, err error) error {
	// The short form of git's ssh URLs is a frequent mistake.
	if strings.HasPrefix(s, "git@") {
		return fmt.Errorf("invalid url `%s`: %v; try using `ssh://%s` instead", s, err, strings.Replace(s, ":", "/", 1))
	}
	return fmt.Errorf("invalid url `%s`: %v", s, err)
}

// filePath returns the path of a file as the path of a URL. The file's name may
// hold percent signs, and outside Windows backslashes.
func filePath(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // before a drive
	}
	return strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", `\`, "%5C").Replace(path)
}

// parse parses s, which is relative to base unless that is nil.
func parse(base *URL, s string) (*URL, error) {
	var host string
	parser := whatwg.NewParser(whatwg.WithPreParseHostFunc(func(_ *URL, text string) string {
		host = text
		return text
	}))
	var u *URL
	var err error
	if base == nil {
		u, err = parser.Parse(s)
	} else {
		u, err = parser.ParseRef(base.Href(false), s)
	}
	if err != nil {
		return nil, reason(err)
	}
	// The URL library takes "-80" for a number.
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.Is4() && strings.Trim(host, "0123456789abcdefABCDEFxX.") != "" {
		return nil, errors.New("its host is neither a name nor an address")
	}
	if path := u.Pathname(); u.Scheme() == "file" && strings.HasPrefix(path, "//") {
		u.SetPathname(strings.TrimLeft(path, "/"))
	}
	return u, nil
}

// reason says what is wrong with a URL.
func reason(err error) error {
	kind := urlerrors.Type(err)
	if kind == urlerrors.MissingSchemeNonRelativeURL {
		return errors.New("it has no scheme, such as `https:`")
	}
	return errors.New(cmp.Or(string(kind), "it is malformed"))
}
