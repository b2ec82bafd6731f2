package index

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// StatusError is an answer that is no success, as Cargo shows it.
type StatusError struct {
	// URL is what was asked for, and Address the host that answered.
	URL, Address string
	Code         int
	// Headers are the header lines of the answer and of the redirections that
	// led to it.
	Headers []string
	Body    []byte
}

// Error shows the answer with those of its headers that help a registry's
// operators, and the beginning of its body.
func (e *StatusError) Error() string {
	return e.text(slices.Collect(func(yield func(string) bool) {
		for _, line := range e.Headers {
			if name, _, _ := strings.Cut(line, ":"); isDebugHeader(strings.ToLower(strings.TrimSpace(name))) && !yield(line) {
				return
			}
		}
	}))
}

// short is Error without headers.
func (e *StatusError) short() string { return e.text(nil) }

func (e *StatusError) text(headers []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "failed to get successful HTTP response from `%s`", e.URL)
	if e.Address != "" {
		fmt.Fprintf(&b, " (%s)", e.Address)
	}
	fmt.Fprintf(&b, ", got %d\n", e.Code)
	if len(headers) > 0 {
		fmt.Fprintf(&b, "debug headers:\n%s\n", strings.Join(headers, "\n"))
	}
	fmt.Fprintf(&b, "body:\n%s", excerpt(e.Body))
	return b.String()
}

// spurious reports whether the same request may succeed later.
func (e *StatusError) spurious() bool {
	return e.Code >= 500 && e.Code < 600 || e.Code == 429
}

// isDebugHeader reports whether a header comes from one of the networks that
// deliver indexes.
func isDebugHeader(name string) bool {
	switch name {
	case "x-amz-cf-pop", "x-amz-cf-id", "x-cache", "x-served-by":
		return true
	}
	return false
}

// excerptLength is how many characters of a body are shown, the last of which
// says that there is more.
const excerptLength = 512

// excerpt returns the beginning of a body.
func excerpt(body []byte) string {
	if !utf8.Valid(body) {
		return fmt.Sprintf("[%d non-utf8 bytes]", len(body))
	}
	characters, end := 0, len(body)
	for i := range string(body) {
		if characters++; characters == excerptLength {
			end = i
			break
		}
	}
	if characters < excerptLength {
		return string(body)
	}
	return string(body[:end]) + "…"
}
