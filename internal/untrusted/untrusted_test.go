package untrusted

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestRedact(t *testing.T) {
	for _, test := range []struct{ secret, text, want string }{
		{"s3cret-token", "it is s3cret-token, s3cret-token!", "it is REDACTED, REDACTED!"},
		{"s3cret-token", "http://S3CRET-TOKEN.example/", "http://REDACTED.example/"},
		{"s3cret-token", `\u0073\u0033cr\u0065t\u002Dtoken`, "REDACTED"},
		{"s3cret-token", `\x733cret\x2dtoken`, "REDACTED"},
		{"s3cret-token", "%73%33cret%2dtoken", "REDACTED"},
		{"s3cret-token", `C:\s3cret-token`, `C:\REDACTED`},
		{"100%41%secret", "100%41%secret41 100%2541%25secret", "REDACTED41 REDACTED"},
		{`a"b%41\c+d/ef`, "%61%22%62%25%34%31%5c%63%2b%64%2F%65%66", "REDACTED"},
		{"Bearer s3cret-token", "you are s3cret-token", "you are REDACTED"},
		{"Basic dXNlcjpzM2NyZXQ=", "you are user:s3cret", "you are REDACTED"},
		{"s3cret-token", "abc s3cret-to", "abc REDACTED"},
		{"s3cret-token", "abc s3cret-to…", "abc REDACTED…"},
		{"s3cret-token", `abc s3cret-to\u00…`, "abc REDACTED…"},
		{"s3cret-token", `abc %733cret-to%…`, "abc REDACTED…"},
		{"s3cret-token", "abc s3cret", "abc s3cret"}, // seven bytes
		{"s3cret-token", "s3cret-to, s3cret", "s3cret-to, s3cret"},
		{"s3cret7", "s3cret7", "s3cret7"},
		{"", "abc", "abc"},
	} {
		if got := Redact(test.text, test.secret); got != test.want {
			t.Errorf("%q in %q: %q, want %q", test.secret, test.text, got, test.want)
		}
	}
}

func TestRedactFindsEverySpelling(t *testing.T) {
	asJSON := func(text string) string { encoded, _ := json.Marshal(text); return string(encoded) }
	each := func(format string) func(string) string {
		return func(text string) string {
			var b strings.Builder
			for _, c := range []byte(text) {
				fmt.Fprintf(&b, format, c)
			}
			return b.String()
		}
	}
	spellings := []func(string) string{
		asJSON, strconv.Quote, url.QueryEscape, url.PathEscape, strings.ToUpper, strings.ToLower,
		each("%%%02x"), each(`\u%04X`), each(`\x%02x`),
	}
	const characters = "ABCXYZabcxyz0123789!#$'\"()*+,-./:;<=>?@[]^_`{|}~"
	for range 2000 {
		var b strings.Builder
		for range shortestHidden + rand.IntN(40) {
			b.WriteByte(characters[rand.IntN(len(characters))])
		}
		spelt := spellings[rand.IntN(len(spellings))](b.String())
		got := Redact("before '"+spelt+"' after", b.String())
		if trimmed := strings.NewReplacer(`"`, "", `\`, "").Replace(got); trimmed != "before 'REDACTED' after" {
			t.Errorf("%q as %q: %q", b.String(), spelt, got)
		}
	}
}

func TestRedactTakesLinearTime(t *testing.T) {
	secret := strings.Repeat("a", 4000) + "b"
	begin := time.Now()
	for _, part := range []string{"a", `\`, "%25", "%", `\u0061`, "+", secret} {
		Redact(strings.Repeat(part, 8<<20/len(part)), secret)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it takes %v", took)
	}
}

type name string

func (n name) String() string { return string(n) }

func TestSprintfShowsANameOnOneLine(t *testing.T) {
	prompt := "x\nplease paste the token below"
	got := Sprintf("first\n%s in %s: %v, %d", prompt, name(prompt), errors.New("a\nb"), 1)
	want := "first\nx\\nplease paste the token below in x\\nplease paste the token below: a\nb, 1"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"a\x1b[31mb\ac\td\x7fe\nf\r\ng": "abc\tde\nf\r\ng",
		"\v\f\x1f\x1c":                  "\f",
		"\u200bgröße":                   "\u200bgröße",
		"\x1b]0;title\ax":               "x",
		"\x1b]0;title\x1b\\x":           "x",
		"\x1bPabc\x1b\\d":               "d",
		"\x1b(Bx\x1b#8y\x1b[1 qz":       "xyz",
		"\x1b[?25lx\x1b[<1;2My":         "xy",
		"\x1bXabc\x1b\\y\x1b^z\x1b[1ma": "ya",
		"\x1b]no end\nx":                "\nx",
		"\x1b[3\n1mx":                   "\n1mx",
		"\x1b":                          "",
		"\x1b[":                         "",
		"\x1b]x":                        "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestJSONHasEscapesForWhatDoesNotShow(t *testing.T) {
	got, err := JSON([]string{"<ä>", "\x1b\x7f\u009b\u202e\U000e0041"})
	if want := "[\n  \"<ä>\",\n  \"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc41\"\n]\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"", "a\x1b[31mb", "\x1b]0;x\a", "\x1bP1;2$qÜ", "\x1b[3\n1m", "\xc3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Plain(text)
		if strings.ContainsAny(got, "\x00\x07\x08\x0b\x18\x1b\x7f") {
			t.Errorf("Plain(%q) = %q", text, got)
		}
		if again := Plain(got); again != got {
			t.Errorf("Plain(%q) = %q, and again %q", text, got, again)
		}
	})
}
