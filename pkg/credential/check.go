package credential

import (
	"errors"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// The errors of CheckToken, in Cargo's words.
var (
	errEmptyToken   = errors.New("please provide a non-empty token")
	errInvalidToken = errors.New("token contains invalid characters.\n" +
		"Only printable ISO-8859-1 characters are allowed as it is sent in a HTTPS header.")
)

// CheckToken returns an error unless the token can be sent in an HTTP header:
// it must not be empty, and consist of printable ASCII and tabs. Cargo checks
// this before it stores a token and before it sends one; what it says of
// ISO-8859-1 is wider than what it takes.
func CheckToken(token config.Secret) error {
	text := token.Expose()
	if text == "" {
		return errEmptyToken
	}
	for i := range len(text) {
		if c := text[i]; c != '\t' && (c < 0x20 || c > 0x7e) {
			return errInvalidToken
		}
	}
	return nil
}
