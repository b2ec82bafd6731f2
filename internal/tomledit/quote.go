package tomledit

import (
	"fmt"
	"strings"
)

// Quote returns text as a TOML string, in the form that Cargo would choose:
// a basic string if nothing in it needs an escape, else the first of literal,
// multi-line basic and multi-line literal that can hold it without one, else
// a basic string with escapes.
func Quote(text string) string {
	switch {
	case isControl(text), !strings.ContainsAny(text, `"\`):
		return basic(text)
	case !strings.Contains(text, "'"):
		return "'" + text + "'"
	case !strings.Contains(text, `\`) && !strings.Contains(text, `"""`):
		return `"""` + text + `"""`
	case !strings.Contains(text, "'''"):
		return "'''" + text + "'''"
	}
	return basic(text)
}

// requote returns text as a TOML string between the quotes that old has, where
// that is possible.
func requote(old, text string) string {
	switch {
	case strings.HasPrefix(old, `"""`):
		return `""` + basic(text) + `""`
	case strings.HasPrefix(old, `"`):
		return basic(text)
	case strings.HasPrefix(old, "'''"):
		if !isControl(text) && !strings.Contains(text, "'''") && !strings.HasPrefix(text, "'") && !strings.HasSuffix(text, "'") {
			return "'''" + text + "'''"
		}
	case strings.HasPrefix(old, "'"):
		if !isControl(text) && !strings.Contains(text, "'") {
			return "'" + text + "'"
		}
	}
	return Quote(text)
}

// isControl reports whether text has a character that needs an escape.
func isControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// QuoteKey returns name as a TOML key: as it is where that is one, else in the
// quotes of [Quote], but for those of several lines.
func QuoteKey(name string) string {
	needsQuotes := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	}
	if name != "" && !strings.ContainsFunc(name, needsQuotes) {
		return name
	}
	quoted := Quote(name)
	if strings.HasPrefix(quoted, `"""`) || strings.HasPrefix(quoted, "'''") {
		return basic(name)
	}
	return quoted
}

func quoteKeys(path []string) string {
	quoted := make([]string, len(path))
	for i, name := range path {
		quoted[i] = QuoteKey(name)
	}
	return strings.Join(quoted, ".")
}

func basic(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
