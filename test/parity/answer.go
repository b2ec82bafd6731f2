//go:build unix

package parity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// block renders an output under its title, nothing if it is empty.
func block(title, output string) string {
	if output == "" {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", title)
	lines := strings.SplitAfter(output, "\n")
	for _, line := range lines {
		switch text, whole := strings.CutSuffix(line, "\n"); {
		case whole:
			fmt.Fprintf(&b, "| %s\n", visible(text))
		case text != "":
			fmt.Fprintf(&b, "| %s\n(no line end)\n", visible(text))
		}
	}
	return b.String()
}

// visible escapes what one would not see in a text file.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := rune(0), 0
		for _, r = range text {
			break
		}
		size = len(string(r))
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(text, "\ufffd"):
			size = 1
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(r) && r != '\\':
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		text = text[size:]
	}
	return b.String()
}

var (
	cacheName = regexp.MustCompile(`\b127\.0\.0\.1-[0-9a-f]{16}\b`)
	// fileCacheName is that of an index whose URL has no host.
	fileCacheName = regexp.MustCompile(`/-[0-9a-f]{16}\b`)
	panicked      = regexp.MustCompile(`(?m)^(\| thread 'main') \(\d+\) panicked at .*:$`)
	elapsed       = regexp.MustCompile(`\bafter \d+ ms\b`)
)

// normalise takes out of an answer what differs from run to run.
func normalise(answer string, w *world) string {
	answer = strings.NewReplacer(
		w.registry.URL, "$URL",
		strings.TrimPrefix(w.registry.URL, "http://"), "$HOST",
		w.dir, "$TMP",
	).Replace(answer)
	answer = cacheName.ReplaceAllString(answer, "127.0.0.1-HASH")
	answer = fileCacheName.ReplaceAllString(answer, "/-HASH")
	answer = panicked.ReplaceAllString(answer, "$1 (ID) panicked at PLACE:")
	return elapsed.ReplaceAllString(answer, "after N ms")
}
