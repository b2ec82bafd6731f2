package config

import "log/slog"

// redacted is what every way of printing a [Secret] shows.
const redacted = "REDACTED"

// Secret is a token or a secret key. However it is formatted, logged or
// marshalled it reads REDACTED; only [Secret.Expose] gives the text.
//
// The zero value is an empty secret.
type Secret struct {
	text string
}

// NewSecret returns the secret that holds text.
func NewSecret(text string) Secret { return Secret{text} }

// Expose returns the text itself. Its callers are the places where a secret
// leaves the program: keep them few.
func (s Secret) Expose() string { return s.text }

// String returns REDACTED.
func (s Secret) String() string { return redacted }

// GoString returns REDACTED, for %#v.
func (s Secret) GoString() string { return redacted }

// MarshalText returns REDACTED, so that no encoder that meets a Secret by
// accident writes it out.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns REDACTED, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
