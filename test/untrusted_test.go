//go:build unix

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

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// hostile are texts that would do something to a terminal: its title, its
// clipboard, its colours, what stands on it.
var hostile = []string{"\x1b]52;c;ZXZpbA==\a", "\x1b]0;evil\x1b\\", "\x1b[2J\x1b[1;1H", "\x1b[31m", "\b\b\b", "\x00", "\x7f", "\x9b31m"}

// colour is what the shell itself writes.
var colour = regexp.MustCompile(`\x1b\[\d*m`)

// What a registry or a provider sends never reaches the terminal as anything but
// text, and a token that comes back in it is REDACTED, however it is written.
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
		text := strings.Join([]string{in(token), in(string(quoted)), in(fmt.Sprintf("%q", token)), token}, " ")
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
			{Path: "/asks/config.json", Token: new(string), Status: 401, Header: map[string][]string{"Www-Authenticate": {`Cargo login_url="https://u:` + token + `@h/"`}}},
			{Path: "/asks/config.json", Status: 401, Body: text},
			{Path: "/links/config.json", Status: 200, Body: `{"dl":"","api":` + string(inJSON) + `}`},
		})
		if err != nil {
			t.Fatal(err)
		}
		write("config.toml", fmt.Sprintf("[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"+
			"[registries]\nrefuses.index = %q\nasks.index = %q\nlinks.index = %q\nfails = { index = %q, credential-provider = %q }\n",
			registry.Index("refuses"), registry.Index("asks"), registry.Index("links"), registry.Index("pub"), provider))
		for _, name := range []string{"refuses", "asks", "links", "fails"} {
			for _, verbosity := range []string{"-q", "-v"} {
				write("credentials.toml", fmt.Sprintf("registries.%s.token = %q\n", name, token))
				login := command(t, ours(t, "cargo-login"), "--registry", name, "--color", "always", verbosity)
				login.Dir, login.Env = home, []string{"HOME=" + home, "CARGO_HOME=" + home, "CARGO_NET_RETRY=0", "PATH=/usr/bin:/bin"}
				login.Stdin = strings.NewReader(token + "\n")
				shown, _ := login.CombinedOutput()
				rest := colour.ReplaceAllString(string(shown), "")
				if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) {
					t.Errorf("%s %s shows control characters: %q", name, verbosity, shown)
				}
				if strings.Contains(rest, token) || strings.Contains(rest, strings.Trim(string(quoted), `"`)) {
					t.Errorf("%s %s shows the token %s: %q", name, verbosity, token, shown)
				}
			}
		}
		registry.Close()
	}
}

func pick(texts []string) string { return texts[rand.IntN(len(texts))] }

// randomToken returns a token of all kinds of characters that one can have.
func randomToken() string {
	var b strings.Builder
	for range 12 + rand.IntN(40) {
		b.WriteByte(byte('!' + rand.IntN('~'-'!'+1)))
	}
	return b.String()
}
