package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// shownBy returns what a shell writes to standard error on a pipe.
func shownBy(t *testing.T, environ []string, show func(*Shell)) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	show(NewShell(file, file, environ))
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestColorsWithoutATerminal(t *testing.T) {
	for _, test := range []struct {
		environ string
		want    bool
	}{
		{"", false},
		{"CI=1 TERM=xterm CLICOLOR=1", false},
		{"CLICOLOR_FORCE=1", true},
		{"CLICOLOR_FORCE=0", true},
		{"CLICOLOR_FORCE=", false},
		{"CLICOLOR_FORCE=1 CLICOLOR=0", true},
		{"CLICOLOR_FORCE=1 NO_COLOR=1", false},
		{"CLICOLOR_FORCE=1 NO_COLOR=0", false},
		{"CLICOLOR_FORCE=1 NO_COLOR=", true},
	} {
		s := NewShell(os.Stdout, os.Stderr, strings.Fields(test.environ))
		file, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.colors("auto", file); got != test.want {
			t.Errorf("%s: colors = %v, want %v", test.environ, got, test.want)
		}
		if s.colors("never", file) || !s.colors("always", file) {
			t.Errorf("%s: a choice does not win over the environment", test.environ)
		}
		file.Close()
	}
}

func TestSetColor(t *testing.T) {
	for _, choice := range []string{"Always", "", "yes"} {
		want := "argument for --color must be auto, always, or never, but found `" + choice + "`"
		if err := NewShell(os.Stdout, os.Stderr, nil).SetColor(&choice); err == nil || err.Error() != want {
			t.Errorf("SetColor(%q): %v, want %s", choice, err, want)
		}
	}
}

func TestNotices(t *testing.T) {
	notices := []config.Message{
		{Kind: config.Warning, Text: "text\nmore"},
		{Kind: config.Help, Text: "do it"},
		{Kind: config.Note, Text: "text"},
		{Kind: config.Status, Verb: "Login", Text: "token"},
		{Kind: config.VerboseStatus, Verb: "Credential", Text: "cargo:token"},
		{Kind: config.Plain, Text: "note: as it is"},
	}
	const (
		warning = "warning: text\nmore\n  |\n  = help: do it\nnote: text\n       Login token\n"
		verbose = "  Credential cargo:token\n"
		plain   = "note: as it is\n"
	)
	for verbosity, want := range map[Verbosity]string{
		Normal: warning + plain, Verbose: warning + verbose + plain, Quiet: plain,
	} {
		got := shownBy(t, nil, func(s *Shell) {
			s.Verbosity = verbosity
			for _, n := range notices {
				s.Notify(n)
			}
		})
		if got != want {
			t.Errorf("verbosity %d: %q, want %q", verbosity, got, want)
		}
	}
	got := shownBy(t, []string{"CLICOLOR_FORCE=1"}, func(s *Shell) {
		for _, n := range notices[:4] {
			s.Notify(n)
		}
	})
	want := "␛[1m␛[33mwarning␛[0m: text\nmore\n" +
		"  ␛[1m␛[94m|␛[0m\n  ␛[1m␛[94m= ␛[0m␛[1mhelp␛[0m: do it\n" +
		"␛[1m␛[96mnote␛[0m: text\n␛[1m␛[92m       Login␛[0m token\n"
	if got = strings.ReplaceAll(got, "\x1b", "␛"); got != want {
		t.Errorf("in colour: %q, want %q", got, want)
	}
}

func TestErrorsShowTheirCauses(t *testing.T) {
	cause := errors.New("line\r\n\n  indented\n \nlast\r")
	err := fmt.Errorf("what was done: %w", wrapper{fmt.Errorf("below\n: %w", cause)})
	const causes = ": what was done\n\nCaused by:\n  below\n\nCaused by:\n  line\n\n    indented\n   \n  last\n"
	for environ, want := range map[string]string{
		"CLICOLOR_FORCE=":  "error" + causes,
		"CLICOLOR_FORCE=1": "\x1b[1m\x1b[91merror\x1b[0m" + causes,
	} {
		if got := shownBy(t, []string{environ}, func(s *Shell) { s.Error(err) }); got != want {
			t.Errorf("%s: %q, want %q", environ, got, want)
		}
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
		if got := plain(text); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTextFromOutsideIsCleaned(t *testing.T) {
	s := NewShell(os.Stdout, os.Stderr, nil)
	s.Hide(config.NewSecret("s3cret-token"))
	for text, want := range map[string]string{
		"a\tb\nc\r\nd\re\ff":                 "a\tb\nc\ndef",
		"\u009b31m\u0085\x9b31m":             "31m\ufffd31m",
		"a\u202eb\u2066c\u200bd\ufeff\u2028": "abcd",
		"größe 日本":                           "größe 日本",
		"s3cret\x1b[0m-\u200btok\ren\u00ad!": "REDACTED!",
		`"s3cret\u002dtoken" %733cret-token`: `"REDACTED" REDACTED`,
	} {
		if got := s.Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
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
		got := plain(text)
		if strings.ContainsAny(got, "\x00\x07\x08\x0b\x18\x1b\x7f") {
			t.Errorf("plain(%q) = %q", text, got)
		}
		if again := plain(got); again != got {
			t.Errorf("plain(%q) = %q, and again %q", text, got, again)
		}
	})
}
