//go:build unix

package parity

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
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

// changes renders what is new, gone or different in the tree. A credentials
// file is always shown, by its meaning.
func changes(before, after map[string]entry) string {
	var b strings.Builder
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, was := before[name]
		now, is := after[name]
		credentials := strings.HasPrefix(path.Base(name), "credentials")
		switch {
		case !is:
			fmt.Fprintf(&b, "%s is gone\n", name)
		case !was || old != now || credentials:
			b.WriteString(now.render(name, credentials))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "files:\n" + b.String()
}

func (e entry) render(name string, credentials bool) string {
	switch {
	case e.mode&fs.ModeSymlink != 0:
		return fmt.Sprintf("%s -> %s\n", name, e.content)
	case e.mode.IsDir():
		return fmt.Sprintf("%s/ %04o\n", name, e.mode.Perm())
	}
	head := fmt.Sprintf("%s %04o", name, e.mode.Perm())
	if credentials {
		return block(head, meaning(e.content))
	}
	if strings.HasPrefix(e.content, cacheTag) {
		return head + " a cache directory's tag\n"
	}
	if e.content == "" {
		return head + " empty\n"
	}
	return block(head, e.content)
}

// cacheTag is what tells a cache directory's tag; the comments behind it are
// free.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n"

// meaning is a TOML document's values, or the text itself if it is none.
func meaning(text string) string {
	var values map[string]any
	if err := toml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &values); err != nil {
		return "not TOML: " + strconv.Quote(text) + "\n"
	}
	if len(values) == 0 {
		return "{}\n"
	}
	out, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return "not JSON: " + err.Error() + "\n"
	}
	return string(out) + "\n"
}

var (
	cacheName = regexp.MustCompile(`\b127\.0\.0\.1-[0-9a-f]{16}\b`)
	// tomlReason is the frame around a syntax error's place; behind it stands
	// the reason in the parser's own words.
	tomlReason = regexp.MustCompile(`(?m)(^\|  *TOML parse error at line \d+, column \d+\n(?:\|  *(?:\d+ )?\|.*\n)+)(?:\|   *\S.*\n)+`)
)

// normalise takes out of an answer what differs from run to run, and the
// reasons for TOML syntax errors.
func normalise(answer string, w *world) string {
	answer = strings.NewReplacer(
		w.registry.URL, "$URL",
		strings.TrimPrefix(w.registry.URL, "http://"), "$HOST",
		w.dir, "$TMP",
	).Replace(answer)
	answer = cacheName.ReplaceAllString(answer, "127.0.0.1-HASH")
	return tomlReason.ReplaceAllString(answer, "${1}|   (the parser's reason)\n")
}
