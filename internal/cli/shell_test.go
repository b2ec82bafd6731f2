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

func TestMessages(t *testing.T) {
	messages := []config.Message{
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
			for _, n := range messages {
				s.Notify(n)
			}
		})
		if got != want {
			t.Errorf("verbosity %d: %q, want %q", verbosity, got, want)
		}
	}
	got := shownBy(t, []string{"CLICOLOR_FORCE=1"}, func(s *Shell) {
		for _, n := range messages[:4] {
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

// wrapper adds nothing to what it wraps.
type wrapper struct{ error }

func (w wrapper) Unwrap() error { return w.error }

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

// The lines are Cargo's on screens of these widths.
func TestProgressLine(t *testing.T) {
	const text = "0 complete; 1 pending"
	for width, want := range map[int]string{
		0:  "",
		16: "",
		20: "[   ]",
		40: "[=>                     ]",
		47: "[=>                            ]",
		60: "[==>                              ] 0 comp...",
		80: "[==>                              ] 0 complete; 1 pending        ",
	} {
		if got := progressLine(text, width); got != want {
			t.Errorf("on %d columns: %q, want %q", width, got, want)
		}
	}
}
