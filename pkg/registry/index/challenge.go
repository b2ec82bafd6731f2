package index

import (
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// loginURL returns the address that a challenge with the scheme Cargo has for
// the user, from the values of WWW-Authenticate (RFC 9110, section 11.6.1);
// empty if there is none. The last one counts.
func loginURL(values []string) (string, error) {
	var found string
	for _, value := range values {
		for _, c := range parseChallenges(value) {
			if !strings.EqualFold(c.scheme, "Cargo") {
				continue
			}
			for _, p := range c.params {
				if !strings.EqualFold(p.name, "login_url") {
					continue
				}
				u, err := weburl.Parse(p.value)
				if err != nil {
					return "", err
				}
				found = u.Href(false)
			}
		}
	}
	return found, nil
}

// challenge is one way to authorise that a server offers.
type challenge struct {
	scheme string
	params []param
}

type param struct{ name, value string }

// parseChallenges returns the challenges of a header value, up to the first
// thing that is not understood.
func parseChallenges(header string) []challenge {
	var challenges []challenge
	s := &challengeScanner{rest: header}
	s.separators()
	for s.rest != "" {
		c, ok := s.challenge()
		if !ok {
			return challenges
		}
		challenges = append(challenges, c)
	}
	return challenges
}

type challengeScanner struct{ rest string }

// separators skips white space and commas, and reports whether there was a
// comma.
func (s *challengeScanner) separators() (comma bool) {
	trimmed := strings.TrimLeft(s.rest, " \t,")
	comma = strings.Contains(s.rest[:len(s.rest)-len(trimmed)], ",")
	s.rest = trimmed
	return comma
}

func (s *challengeScanner) space() bool {
	trimmed := strings.TrimLeft(s.rest, " \t")
	skipped := len(trimmed) < len(s.rest)
	s.rest = trimmed
	return skipped
}

func (s *challengeScanner) token() string {
	end := strings.IndexFunc(s.rest, func(r rune) bool { return !isTokenChar(r) })
	if end < 0 {
		end = len(s.rest)
	}
	token := s.rest[:end]
	s.rest = s.rest[end:]
	return token
}

func isTokenChar(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		r < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// challenge scans a scheme and its parameters, up to the next scheme.
func (s *challengeScanner) challenge() (c challenge, ok bool) {
	if c.scheme = s.token(); c.scheme == "" {
		return c, false
	}
	rest, params := strings.CutPrefix(s.rest, " ")
	if params && rest != "" && isTokenChar(rune(rest[0])) {
		s.rest = rest
		return s.params(c)
	}
	s.space()
	return c, s.separators() || s.rest == ""
}

// params scans the parameters of a challenge.
func (s *challengeScanner) params(c challenge) (challenge, bool) {
	for s.rest != "" {
		before := s.rest
		name := s.token()
		spaced := s.space()
		if !strings.HasPrefix(s.rest, "=") {
			// The name may be the next challenge's scheme.
			next := s.rest == "" || s.rest[0] == ',' || spaced && isTokenChar(rune(s.rest[0]))
			s.rest = before
			return c, name != "" && next && len(c.params) > 0
		}
		s.rest = s.rest[1:]
		s.space()
		value, ok := s.value()
		if !ok || name == "" {
			return c, false
		}
		c.params = append(c.params, param{name, value})
		if s.space(); !s.separators() && s.rest != "" {
			return c, false
		}
	}
	return c, true
}

// value scans a token or a quoted string.
func (s *challengeScanner) value() (string, bool) {
	if !strings.HasPrefix(s.rest, `"`) {
		value := s.token()
		return value, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			s.rest = s.rest[i+1:]
			return b.String(), true
		}
		if c == '\\' {
			if i++; i == len(s.rest) {
				return "", false
			}
			c = s.rest[i]
		}
		if c != '\t' && (c < ' ' || c > '~') {
			return "", false
		}
		b.WriteByte(c)
	}
	return "", false
}
