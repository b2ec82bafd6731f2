package credential

import (
	"errors"
	"strings"
)

// The errors of the protocol that a caller tells apart. Their texts are
// Cargo's.
var (
	// ErrNotFound says that no token is stored. The caller tries the next
	// provider and remembers that one was asked.
	ErrNotFound = errors.New("credential not found")
	// ErrURLNotSupported says that the provider does not serve this registry.
	// The caller tries the next provider.
	ErrURLNotSupported = errors.New("registry not supported")
	// ErrOperationNotSupported says that the provider cannot do this. The
	// caller stops and reports it.
	ErrOperationNotSupported = errors.New("requested operation not supported")
	// ErrUnknownKind stands for an error of a kind that this version does not
	// know. The caller stops and reports it.
	ErrUnknownKind = errors.New("unknown error kind; try updating Cargo?")
	// ErrNoProvider says that every provider that was asked answered
	// [ErrURLNotSupported].
	ErrNoProvider = errors.New("no credential providers could handle the request")
	// ErrNotConfigured says that a registry asks for a token to read its
	// index, and that nobody chose the provider that may send it one.
	ErrNotConfigured = errors.New("authenticated registries require a credential-provider to be configured\n" +
		"see https://doc.rust-lang.org/cargo/reference/registry-authentication.html for details")
)

var errNoTokenReader = errors.New("a token is needed, and there is nobody to ask for it")

// unexpectedResponse says that a provider answered one action with the response
// of another.
type unexpectedResponse struct {
	// action is what the provider was asked.
	action string
	// response describes what it answered, without the token.
	response string
}

func (e *unexpectedResponse) Error() string {
	return "credential provider produced unexpected response for `" + e.action + "` request: " + e.response
}

// layer is one error of a chain that came over the wire.
type layer struct {
	text  string
	cause error
}

func (e *layer) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

func (e *layer) Unwrap() error { return e.cause }

// chain makes an error of a message and its causes, outermost first.
func chain(message string, causes []string) error {
	var cause error
	for i := len(causes) - 1; i >= 0; i-- {
		cause = &layer{causes[i], cause}
	}
	return &layer{message, cause}
}

// layers splits an error into the texts of its layers, outermost first: what
// an error says before the text of its cause. A layer that adds nothing to its
// cause is left out.
func layers(err error) []string {
	var texts []string
	for err != nil {
		text, cause := err.Error(), errors.Unwrap(err)
		if cause == nil {
			return append(texts, text)
		}
		if own := strings.TrimSuffix(text, cause.Error()); text != cause.Error() {
			texts = append(texts, strings.TrimSuffix(own, ": "))
		}
		err = cause
	}
	return texts
}
