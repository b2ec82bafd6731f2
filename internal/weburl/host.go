package weburl

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/idna"
)

var errDomainName = errors.New("invalid international domain name")

// hostRules is how the domain name of a URL with a known scheme is read. The
// URL library takes fewer names than the WHATWG rules allow (none that has
// both "_" and "é", for instance), and takes "-80" for a number.
type hostRules struct {
	domain string
	err    error
}

// placeholder stands for a domain name that the rules have read already.
const placeholder = "placeholder"

// parser returns a URL parser that follows the rules.
func (h *hostRules) parser() whatwg.Parser {
	return whatwg.NewParser(whatwg.WithPreParseHostFunc(h.before), whatwg.WithPostParseHostFunc(h.after))
}

// before reads a host before the library does. What it understands it keeps,
// and gives the library a placeholder.
func (h *hostRules) before(u *whatwg.Url, host string) string {
	if host == "" || host[0] == '[' || !u.IsSpecialScheme() {
		return host
	}
	domain, err := domainToASCII(host)
	switch {
	case err != nil:
		h.err = err
	case !endsInNumber(domain):
		h.domain = domain
	case strings.ContainsAny(domain, "+-"):
		h.err = errors.New("invalid IPv4 address")
	default:
		return domain
	}
	return placeholder
}

// after puts the domain name in the place of the placeholder.
func (h *hostRules) after(_ *whatwg.Url, host string) string {
	if host == placeholder {
		return h.domain
	}
	return host
}

// profile is UTS #46 as the WHATWG rules want it.
var profile = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.CheckHyphens(false),
	idna.CheckJoiners(true),
	idna.StrictDomainName(false),
	idna.Transitional(false),
	idna.VerifyDNSLength(false),
)

// domainToASCII returns a domain name as it is looked up.
func domainToASCII(host string) (string, error) {
	name, err := url.PathUnescape(host)
	if err != nil || !utf8.ValidString(name) {
		return "", errDomainName
	}
	ascii := strings.ToLower(name)
	if !isASCII(name) || strings.HasPrefix(ascii, "xn--") || strings.Contains(ascii, ".xn--") {
		for label := range strings.SplitSeq(ascii, ".") {
			if encoded, ok := strings.CutPrefix(label, "xn--"); ok && (encoded == "" || !isASCII(label)) {
				return "", errDomainName
			}
		}
		if ascii, err = profile.ToASCII(name); err != nil {
			return "", errDomainName
		}
	}
	switch {
	case ascii == "":
		return "", errors.New("empty host")
	case strings.ContainsAny(ascii, forbidden) || strings.ContainsFunc(ascii, unicode.IsControl):
		return "", errDomainName
	}
	return ascii, nil
}

// forbidden are the characters that may not be part of a domain name, besides
// control characters.
const forbidden = " #%/:<>?@[\\]^|"

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// endsInNumber reports whether a domain name must be an IPv4 address: its last
// part is a decimal or hexadecimal number, or would be if its digits fitted.
func endsInNumber(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if digits, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
