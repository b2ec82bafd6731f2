// Package untrusted handles text that others supply: a registry, a provider, the
// configuration of a project, the environment. It shows such text without breaking a
// message apart or giving away a token, and reads JSON objects as strictly as Cargo.
package untrusted

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
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
// there: as it is, in the escapes of JSON, a quoted string, a URL or HTML, in
// another case, without the scheme in front of it, or cut off at the end of the text
// or at a final "…". A secret of fewer than eight bytes is left.
func Redact(text, secret string) string {
	for _, shape := range shapes(secret) {
		text = redact(text, shape)
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
	if len(secret) < shortestHidden {
		return text
	}
	text = strings.ReplaceAll(text, secret, redacted)
	// The secret may itself have what looks like an escape.
	for _, wanted := range slices.Compact([]string{characters(secret, unescape), characters(secret, literal)}) {
		if len(wanted) >= shortestHidden {
			text = redactCut(redactWhole(text, wanted), wanted)
		}
	}
	return text
}

// redactWhole redacts a secret that has these characters.
func redactWhole(text, wanted string) string {
	found := characters(text, unescape)
	var b strings.Builder
	for {
		before, after, more := strings.Cut(found, wanted)
		if !more {
			return b.String() + text
		}
		begin := spelling(text, len(before))
		b.WriteString(text[:begin] + redacted)
		text = text[begin:]
		text, found = text[spelling(text, len(wanted)):], after
	}
}

// redactCut redacts a secret of which only the beginning stands at the end of a
// text, perhaps with a part of the next character's escape.
func redactCut(text, wanted string) string {
	kept, isCut := strings.CutSuffix(text, "…")
	tails := []string{kept[max(0, len(kept)-longestSpelling*len(wanted)):]}
	if i := strings.LastIndexAny(tails[0], `\%&`); i >= 0 && i+longestSpelling > len(tails[0]) {
		tails = append(tails, strings.TrimRight(tails[0][:i], `\`))
	}
	for _, tail := range tails {
		found := characters(tail, unescape)
		for n := min(len(wanted)-1, len(found)); n >= shortestHidden; n-- {
			if !strings.HasSuffix(found, wanted[:n]) {
				continue
			}
			kept = kept[:len(kept)-len(tails[0])+spelling(tail, len(found)-n)] + redacted
			if isCut {
				kept += "…"
			}
			return kept
		}
	}
	return text
}

// characters returns the characters of a text as next finds them.
func characters(text string, next func(string) (c byte, length int)) string {
	var b strings.Builder
	b.Grow(len(text))
	for text != "" {
		c, length := next(text)
		if c = folded(c); c != 0 {
			b.WriteByte(c)
		}
		text = text[length:]
	}
	return b.String()
}

// spelling returns how many bytes of a text stand for its first n characters.
func spelling(text string, n int) (length int) {
	for n > 0 {
		c, size := unescape(text[length:])
		if folded(c) != 0 {
			n--
		}
		length += size
	}
	return length
}

// folded returns what a character is compared as. Upper and lower case are one,
// and so are a space and the plus that stands for it in a form, and a tab and its
// letter. A backslash is nothing: 0.
func folded(c byte) byte {
	switch {
	case c == '\\':
		return 0
	case c == '+':
		return ' '
	case c == '\t':
		return 't'
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	}
	return c
}

// longestSpelling is how many bytes stand for a character, if its escape is not
// escaped again.
const longestSpelling = 6

// literal returns the first byte of a text that is not empty.
func literal(text string) (c byte, length int) { return text[0], 1 }

// unescape returns the character at the beginning of a text that is not empty, and
// how many bytes stand for it. Escapes of escapes are undone too.
func unescape(text string) (c byte, length int) {
	switch text[0] {
	case '&':
		for entity, c := range entities {
			if strings.HasPrefix(text, entity) {
				return c, len(entity)
			}
		}
	case '%':
		n := 1
		for strings.HasPrefix(text[n:], "25") && isHex(text[n+2:], 2) {
			n += 2
		}
		if isHex(text[n:], 2) {
			return unhex(text[n : n+2]), n + 2
		}
	case '\\':
		n := len(text) - len(strings.TrimLeft(text, `\`))
		switch rest := text[n:]; {
		case strings.HasPrefix(rest, "x") && isHex(rest[1:], 2):
			return unhex(rest[1:3]), n + 3
		case strings.HasPrefix(rest, "u00") && isHex(rest[3:], 2):
			return unhex(rest[3:5]), n + 5
		}
		return '\\', n
	}
	return literal(text)
}

// entities are the characters that HTML writes in other ways.
var entities = map[string]byte{
	"&amp;": '&', "&lt;": '<', "&gt;": '>', "&quot;": '"', "&#34;": '"', "&#39;": '\'', "&#43;": '+',
}

func isHex(text string, digits int) bool {
	return len(text) >= digits && strings.Trim(text[:digits], "0123456789abcdefABCDEF") == ""
}

func unhex(digits string) (c byte) {
	for i := range len(digits) {
		d := digits[i] | 0x20
		if d >= 'a' {
			d -= 'a' - 10
		} else {
			d -= '0'
		}
		c = c<<4 | d&0xf
	}
	return c
}
