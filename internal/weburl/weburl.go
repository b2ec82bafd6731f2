// Package weburl parses URLs by the WHATWG rules, as Cargo does.
package weburl

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	urlerrors "github.com/nlnwa/whatwg-url/errors"
	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/idna"
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
	var h host
	parser := whatwg.NewParser(whatwg.WithPreParseHostFunc(h.read), whatwg.WithPostParseHostFunc(h.put))
	var u *URL
	var err error
	if base == nil {
		u, err = parser.Parse(s)
	} else {
		u, err = parser.ParseRef(base.Href(false), s)
	}
	if h.err != nil {
		return nil, h.err
	}
	if err != nil {
		return nil, reason(err)
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

var errHost = errors.New("its host is not a valid name")

// host reads the domain name of a URL with a known scheme. The URL library refuses
// names that the WHATWG rules allow, such as one with both "_" and "é", and takes
// "-80" for a number.
type host struct {
	domain string
	err    error
}

// placeholder is the host that the URL library sees in place of a domain name.
const placeholder = "placeholder"

// read is called before the library parses a host. It leaves to the library what is
// no domain name.
func (h *host) read(u *whatwg.Url, text string) string {
	if text == "" || text[0] == '[' || !u.IsSpecialScheme() {
		return text
	}
	domain, err := domainToASCII(text)
	switch {
	case err != nil:
		h.err = err
	case !endsInNumber(domain):
		h.domain = domain
	case strings.ContainsAny(domain, "+-"):
		h.err = errHost
	default:
		return domain
	}
	return placeholder
}

// put replaces the placeholder after the library has parsed it.
func (h *host) put(_ *whatwg.Url, text string) string {
	if text == placeholder {
		return h.domain
	}
	return text
}

// profile is UTS #46 with the options of the WHATWG rules.
var profile = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.CheckHyphens(false),
	idna.CheckJoiners(true),
	idna.StrictDomainName(false),
	idna.Transitional(false),
	idna.VerifyDNSLength(false),
)

// domainToASCII returns a domain name in the form in which it is looked up.
func domainToASCII(text string) (string, error) {
	name, err := url.PathUnescape(text)
	if err != nil || !utf8.ValidString(name) {
		return "", errHost
	}
	ascii := strings.ToLower(name)
	if !isASCII(name) || strings.HasPrefix(ascii, "xn--") || strings.Contains(ascii, ".xn--") {
		for label := range strings.SplitSeq(ascii, ".") {
			if encoded, ok := strings.CutPrefix(label, "xn--"); ok && (encoded == "" || !isASCII(label)) {
				return "", errHost
			}
		}
		if ascii, err = profile.ToASCII(name); err != nil {
			return "", errHost
		}
	}
	// These and control characters may not be part of a domain name.
	const forbidden = " #%/:<>?@[\\]^|"
	if ascii == "" || strings.ContainsAny(ascii, forbidden) || strings.ContainsFunc(ascii, unicode.IsControl) {
		return "", errHost
	}
	return ascii, nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// endsInNumber reports whether a host can only be an IPv4 address, because its last
// part is a decimal or hexadecimal number.
func endsInNumber(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if digits, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
