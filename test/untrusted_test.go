//go:build unix

// Text from registries and providers reaches the terminal without control
// characters and without tokens.

package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// hostile are texts that would change a terminal: its title, its clipboard, its
// colours, or what it shows.
var hostile = []string{"\x1b]52;c;ZXZpbA==\a", "\x1b]0;evil\x1b\\", "\x1b[2J\x1b[1;1H", "\x1b[31m", "\b\b\b", "\x00", "\x7f", "\r", "\f", "\u009b\u0085", "\u202e", "\u200b\ufeff"}

// colour matches what our shell itself writes.
var colour = regexp.MustCompile(`\x1b\[\d*m`)

// Whatever a registry or a provider sends reaches the terminal as plain text, and a
// token that comes back in it is REDACTED, in every spelling.
//
// differs: token-sent-back
// differs: control-characters
func TestUntrustedTextIsCleaned(t *testing.T) {
	for range 20 {
		token := randomToken()
		in := func(text string) string { // with something hostile before, after and inside
			return pick(hostile) + text[:len(text)/2] + pick(hostile) + text[len(text)/2:] + pick(hostile)
		}
		quoted, _ := json.Marshal(token)
		text := strings.Join([]string{in(token), in(string(quoted)), in(fmt.Sprintf("%q", token)), escaped(`\u%04x`, token), escaped("%%%02x", token), token}, " ")
		inJSON, _ := json.Marshal(strings.ToValidUTF8(text, "?"))

		home := t.TempDir()
		write := func(name, content string) string {
			path := filepath.Join(home, name)
			if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
			return path
		}
		provider := write("provider", "#!/bin/sh\necho '{\"v\":[1]}'\nread request\ncat '"+
			write("answer", `{"Err":{"kind":"other","message":`+string(inJSON)+`,"caused-by":[`+string(inJSON)+`]}}`+"\n")+"'\n")
		registry, err := stubregistry.Start([]stubregistry.Rule{
			{Path: "/refuses/config.json", Status: 403, Body: text, Header: map[string][]string{"X-Cache": {token}, "X-Served-By": {token}}},
			{Path: "/busy/config.json", Status: 503, Body: text},
			{Path: "/asks/config.json", Token: new(string), Status: 401, Header: map[string][]string{"Www-Authenticate": {`Cargo login_url="https://u:` + token + `@h/"`}}},
			{Path: "/asks/config.json", Status: 401, Body: text},
			{Path: "/links/config.json", Status: 200, Body: `{"dl":"","api":` + string(inJSON) + `}`},
		})
		if err != nil {
			t.Fatal(err)
		}
		write("config.toml", fmt.Sprintf("[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"+
			"[registries]\nrefuses.index = %q\nbusy.index = %q\nasks.index = %q\nlinks.index = %q\nfails = { index = %q, credential-provider = %q }\n",
			registry.Index("refuses"), registry.Index("busy"), registry.Index("asks"), registry.Index("links"), registry.Index("pub"), provider))
		for _, name := range []string{"refuses", "busy", "asks", "links", "fails"} {
			for _, program := range [][2]string{{"cargo-login", "-q"}, {"cargo-login", "-v"}, {"cargo-logout", "-v"}} {
				write("credentials.toml", fmt.Sprintf("registries.%s.token = %q\n", name, token))
				run := command(t, ours(t, program[0]), "--registry", name, "--color", "always", program[1])
				run.Dir, run.Env = home, []string{
					"HOME=" + home, "CARGO_HOME=" + home, "PATH=/usr/bin:/bin", "CARGO_NET_RETRY=1", "__CARGO_TEST_FIXED_RETRY_SLEEP_MS=1",
				}
				run.Stdin = strings.NewReader(token + "\n")
				shown, _ := run.CombinedOutput()
				rest := colour.ReplaceAllString(string(shown), "")
				if strings.ContainsFunc(rest, func(r rune) bool { return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) }) {
					t.Errorf("%s %v shows control characters: %q", name, program, shown)
				}
				for _, spelling := range []string{token, strings.Trim(string(quoted), `"`), escaped(`\u%04x`, token), escaped("%%%02x", token)} {
					if strings.Contains(rest, spelling) {
						t.Errorf("%s %v shows the token %s: %q", name, program, token, shown)
					}
				}
			}
		}
		registry.Close()
	}
}

// escaped returns a text with an escape for each of its characters.
func escaped(format, text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func pick(texts []string) string { return texts[rand.IntN(len(texts))] }

// randomToken returns a token of random characters, of every kind that is allowed.
func randomToken() string {
	var b strings.Builder
	for range 12 + rand.IntN(40) {
		b.WriteByte(byte('!' + rand.IntN('~'-'!'+1)))
	}
	return b.String()
}
