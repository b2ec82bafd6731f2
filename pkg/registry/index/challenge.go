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
			for _, p := range c.params {
				if !strings.EqualFold(c.scheme, "Cargo") || !strings.EqualFold(p.name, "login_url") {
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
	rest := strings.TrimLeft(header, " \t,")
	for rest != "" {
		var c challenge
		var after string
		if c.scheme, after = cutToken(rest); c.scheme == "" {
			return challenges
		}
		ok := true
		if len(after) > 1 && after[0] == ' ' && isTokenChar(rune(after[1])) {
			c.params, rest, ok = parseParams(after[1:])
		} else {
			rest, ok = cutSeparators(after)
		}
		if !ok {
			return challenges
		}
		challenges = append(challenges, c)
	}
	return challenges
}

// parseParams returns the parameters at the beginning of a text, and what
// follows them: the next challenge.
func parseParams(rest string) (params []param, after string, ok bool) {
	for rest != "" {
		name, after := cutToken(rest)
		spaced := trimSpace(after)
		value, isParam := strings.CutPrefix(spaced, "=")
		if !isParam {
			// The name may be the next challenge's scheme.
			next := spaced == "" || spaced[0] == ',' || spaced != after && isTokenChar(rune(spaced[0]))
			return params, rest, name != "" && next && len(params) > 0
		}
		p := param{name: name}
		if p.value, after, ok = cutValue(trimSpace(value)); !ok || name == "" {
			return nil, "", false
		}
		params = append(params, p)
		if rest, ok = cutSeparators(after); !ok {
			return nil, "", false
		}
	}
	return params, "", true
}

// cutSeparators skips white space and commas. It fails if there is no comma
// before something else.
func cutSeparators(text string) (rest string, ok bool) {
	rest = strings.TrimLeft(text, " \t,")
	return rest, rest == "" || strings.Contains(text[:len(text)-len(rest)], ",")
}

func trimSpace(text string) string { return strings.TrimLeft(text, " \t") }

func cutToken(text string) (token, rest string) {
	rest = strings.TrimLeftFunc(text, isTokenChar)
	return text[:len(text)-len(rest)], rest
}

func isTokenChar(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		r < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// cutValue cuts off a token or a quoted string.
func cutValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest = cutToken(text)
		return value, rest, value != ""
	}
	var b strings.Builder
	escaped := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && !escaped:
			return b.String(), text[i+1:], true
		case c == '\\' && !escaped:
			escaped = true
			continue
		case c != '\t' && (c < ' ' || c > '~'):
			return "", "", false
		default:
			b.WriteByte(c)
		}
		escaped = false
	}
	return "", "", false
}
