// Package untrusted handles text that others supply: a registry, a provider, the
// configuration of a project, the environment. It shows such text without breaking a
// message apart or giving away a token, and reads JSON objects as strictly as Cargo.
package untrusted

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// OneLine returns a name as messages show it: with `\n` for each line feed, because
// the text after one could look like another message or a prompt.
func OneLine(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

// Sprintf is fmt.Sprintf that shows the strings among its arguments, and those that
// have a method String, by [OneLine].
func Sprintf(format string, args ...any) string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = OneLine(arg)
		case fmt.Stringer:
			args[i] = OneLine(arg.String())
		}
	}
	return fmt.Sprintf(format, args...)
}

// invisible are the characters that do not show, or change how others show.
var invisible = []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp}

// Visible removes escape sequences and invisible characters, except tabs and line
// feeds. Invalid UTF-8 becomes U+FFFD.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.In(r, invisible...) {
			return -1
		}
		return r
	}, Plain(text))
}

// JSON returns a value as indented JSON, with escapes for what [Visible] removes.
func JSON(value any) (string, error) {
	var encoded strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	var b strings.Builder
	for _, r := range encoded.String() {
		if r == '\n' || !unicode.In(r, invisible...) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, "\\u%04x", unit)
		}
	}
	return b.String(), err
}

// Plain removes escape sequences and control characters, except white space.
func Plain(text string) string {
	var b strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\x1b':
			size = sequenceLength(text)
		case r >= ' ' && r != '\x7f', strings.ContainsRune("\t\n\f\r", r):
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// sequenceLength returns the length of the escape sequence that text begins with. A
// sequence that contains text, such as a window title, ends at BEL or ESC \, or at
// the end of the line.
func sequenceLength(text string) int {
	at, last := 1, byte('/')
	switch {
	case len(text) > 1 && strings.IndexByte("]PX^_", text[1]) >= 0:
		end := strings.IndexAny(text[2:], "\a\x1b\n")
		if end < 0 {
			return len(text)
		}
		if text[2+end] == '\a' {
			end++
		}
		return 2 + end // ESC \ is a sequence of its own
	case len(text) > 1 && text[1] == '[':
		at, last = 2, '?'
	}
	for at < len(text) && text[at] >= ' ' && text[at] <= last {
		at++
	}
	if at < len(text) && text[at] > ' ' && text[at] < '\x7f' {
		at++
	}
	return at
}

// redacted is what stands in the place of a secret.
const redacted = "REDACTED"

// shortestHidden is the length in bytes of the shortest secret that is looked for
// in other texts: a shorter one may be part of a common word.
const shortestHidden = 8

// Redact returns text with REDACTED in the place of a secret, however it is spelt
// there: as it is, in another case, in the escapes of JSON, a quoted string or a URL,
// without the scheme in front of it, or cut off at the end of the text or at a final
// "…". A secret of fewer than eight bytes is left.
func Redact(text, secret string) string {
	for _, shape := range shapes(secret) {
		if len(shape) >= shortestHidden {
			text = redact(strings.ReplaceAll(text, shape, redacted), shape)
		}
	}
	return text
}

// shapes returns what a registry may repeat of the secret: all of it, what follows
// the scheme, and the name and password that Basic authentication encodes.
func shapes(whole string) []string {
	shapes := []string{whole}
	if scheme, rest, found := strings.Cut(whole, " "); found {
		shapes = append(shapes, strings.TrimSpace(rest))
		if decoded, err := base64.StdEncoding.DecodeString(rest); err == nil && strings.EqualFold(scheme, "Basic") {
			shapes = append(shapes, string(decoded))
		}
	}
	return shapes
}

func redact(text, secret string) string {
	var wanted []byte
	for _, c := range []byte(secret) {
		wanted = append(wanted, folded(c))
	}
	found, starts := characters(text)
	var b strings.Builder
	for {
		at := bytes.Index(found, wanted)
		if at < 0 {
			break
		}
		b.WriteString(text[starts[0]:starts[at]] + redacted)
		found, starts = found[at+len(wanted):], starts[at+len(wanted):]
	}
	// Only the beginning of the secret may stand at the end, perhaps with a part of
	// the next character's escape.
	kept := bytes.TrimSuffix(found, []byte("…"))
	escape := max(0, len(kept)-len(`\u00`))
	if i := bytes.IndexAny(kept[escape:], `\%`); i >= 0 {
		escape += i
	} else {
		escape = len(kept)
	}
	for _, kept := range [][]byte{kept, kept[:escape]} {
		for n := min(len(wanted)-1, len(kept)); n >= shortestHidden; n-- {
			if bytes.HasSuffix(kept, wanted[:n]) {
				b.WriteString(text[starts[0]:starts[len(kept)-n]] + redacted)
				if bytes.HasSuffix(found, []byte("…")) {
					b.WriteString("…")
				}
				return b.String()
			}
		}
	}
	return b.String() + text[starts[0]:]
}

// characters returns the characters of a text as they are compared, where each begins
// in the text, and at last where the text ends.
func characters(text string) (found []byte, starts []int) {
	found, starts = make([]byte, 0, len(text)), make([]int, 0, len(text)+1)
	for at := 0; at < len(text); {
		c, length := unescape(text[at:])
		found, starts = append(found, folded(c)), append(starts, at)
		at += length
	}
	return found, append(starts, len(text))
}

// folded returns what a character is compared as. Upper and lower case are one, and so
// are a space and the plus that stands for it in a form.
func folded(c byte) byte {
	switch {
	case c == '+':
		return ' '
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	}
	return c
}

// unescape returns the character at the beginning of a text that is not empty, and
// how many bytes stand for it.
func unescape(text string) (c byte, length int) {
	for _, escape := range []string{"%", `\x`, `\u00`} {
		if digits, ok := strings.CutPrefix(text, escape); ok && len(digits) >= 2 {
			if n, err := strconv.ParseUint(digits[:2], 16, 8); err == nil {
				return byte(n), len(escape) + 2
			}
		}
	}
	switch {
	case len(text) > 1 && text[0] == '\\' && strings.IndexByte(`"'\/`, text[1]) >= 0:
		return text[1], 2
	case strings.HasPrefix(text, `\t`):
		return '\t', 2
	}
	return text[0], 1
}
