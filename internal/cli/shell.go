package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// What the user sees goes through [Shell], by these rules, which are Cargo's:
//
//   - Everything but help goes to standard error.
//   - Errors are always shown. Warnings, notes and status lines are hidden by
//     -q; some status lines are only shown with -v.
//   - Until the options are known, everything is shown, and in colour where
//     the environment and the terminal say so.
//   - Escape sequences, control characters and characters without width in what
//     a message is about are dropped: a registry, a provider or a project's
//     configuration may have put them there. The colours are the shell's own.
//   - A token that this run knows is REDACTED, whoever has sent it back.

// Verbosity says how much the user wants to see.
type Verbosity int

const (
	Normal Verbosity = iota
	Quiet
	Verbose
)

// Shell writes what the user sees.
type Shell struct {
	stdout, stderr *os.File
	environ        []string
	Verbosity      Verbosity
	// color is what the user asked for in messages, answersColor in help and
	// usage errors: Cargo decides on the latter before it reads its options.
	color, answersColor string
	// term is [term] of the configuration.
	term termTable

	// hidden are the tokens that this run knows. learn, unless it is nil, adds
	// those that it could know, before a warning or an error is shown.
	hidden []config.Secret
	learn  func()

	// mu guards what is on the screen.
	mu sync.Mutex
	// progress is the length of the line of progress; 0 is none.
	progress int
}

// NewShell returns a shell that shows everything.
func NewShell(stdout, stderr *os.File, environ []string) *Shell {
	return &Shell{stdout: stdout, stderr: stderr, environ: environ, color: "auto", answersColor: "auto"}
}

// SetColor sets whether messages have colours; nil is auto.
func (s *Shell) SetColor(choice *string) error {
	switch {
	case choice == nil:
		s.color = "auto"
	case slices.Contains(colors, *choice):
		s.color = *choice
	default:
		return fmt.Errorf("argument for --color must be auto, always, or never, but found `%s`", untrusted.OneLine(*choice))
	}
	return nil
}

// colors reports whether what is written to the file has colours.
func (s *Shell) colors(choice string, file *os.File) bool {
	if choice != "auto" {
		return choice == "always"
	}
	set := func(name string) bool {
		value, _ := system.LookupEnv(s.environ, name)
		return value != ""
	}
	clicolor, hasCLIColor := system.LookupEnv(s.environ, "CLICOLOR")
	name, hasTerm := system.LookupEnv(s.environ, "TERM")
	_, ci := system.LookupEnv(s.environ, "CI")
	switch {
	case set("NO_COLOR"):
		return false
	case set("CLICOLOR_FORCE"):
		return true
	case hasCLIColor && clicolor == "0":
		return false
	case !term.IsTerminal(int(file.Fd())):
		return false
	}
	return hasTerm && name != "dumb" || hasCLIColor || ci
}

// Hide has every later message show REDACTED in place of a token.
func (s *Shell) Hide(token config.Secret) {
	if !slices.Contains(s.hidden, token) {
		s.hidden = append(s.hidden, token)
	}
}

// Clean returns text from outside the program as it may be shown.
func (s *Shell) Clean(text string) string {
	text = visible(text)
	for _, token := range s.hidden {
		text = untrusted.Redact(text, token.Expose())
	}
	return text
}

// learnTokens has learn called once, when what a registry or a provider says may
// be about to be shown.
func (s *Shell) learnTokens() {
	if learn := s.learn; learn != nil {
		s.learn = nil
		learn()
	}
}

func (s *Shell) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearProgress()
	s.write(text)
}

// write is print for a caller that holds the lock.
func (s *Shell) write(text string) {
	if !s.colors(s.color, s.stderr) {
		text = plain(text)
	}
	// If this fails there is no other place to say so.
	_, _ = io.WriteString(s.stderr, text)
}

// Status shows a status line: a verb, right-aligned, and what it is about.
func (s *Shell) Status(verb, text string) {
	if s.Verbosity == Quiet {
		return
	}
	s.print(heading.paint(fmt.Sprintf("%12s", verb)) + " " + text + "\n")
}

// Notify shows a notice of the library.
func (s *Shell) Notify(n config.Message) {
	if s.Verbosity == Quiet && n.Kind != config.Plain {
		return
	}
	if n.Kind == config.Warning {
		s.learnTokens()
	}
	n.Text = s.Clean(n.Text)
	switch n.Kind {
	case config.Plain:
		s.print(n.Text + "\n")
	case config.Status:
		s.Status(n.Verb, n.Text)
	case config.VerboseStatus:
		if s.Verbosity == Verbose {
			s.Status(n.Verb, n.Text)
		}
	case config.Warning:
		s.print(warned.paint("warning") + ": " + n.Text + "\n")
	case config.Note:
		s.print(notice.paint("note") + ": " + n.Text + "\n")
	case config.Help:
		s.print("  " + frame.paint("|") + "\n  " + frame.paint("= ") + strong.paint("help") + ": " + n.Text + "\n")
	}
}

// Report shows how a command ended and returns the program's exit status.
func (s *Shell) Report(err error) int {
	var answer *Answer
	switch {
	case err == nil:
		return 0
	case errors.As(err, &answer):
		s.answer(answer)
		return answer.Code
	}
	s.Error(err)
	return 101 // as Cargo
}

// answer shows help, which goes to standard output, or a usage error.
func (s *Shell) answer(a *Answer) {
	file := s.stderr
	if a.Code == 0 {
		file = s.stdout
	}
	text := a.text
	if !s.colors(s.answersColor, file) {
		text = plain(text)
	}
	_, _ = io.WriteString(file, text)
}

// Error shows an error and what caused it, each layer by its own text.
func (s *Shell) Error(err error) {
	s.learnTokens()
	layers := system.ErrorLayers(err)
	for i := range layers {
		layers[i] = s.Clean(layers[i])
	}
	var b strings.Builder
	b.WriteString(failure.paint("error") + ": " + layers[0] + "\n")
	for _, cause := range layers[1:] {
		b.WriteString("\nCaused by:\n")
		for line := range strings.Lines(cause) {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				b.WriteString("  " + line)
			}
			b.WriteString("\n")
		}
	}
	s.print(b.String())
}

// style is an escape sequence that starts a style.
type style string

// The styles of Cargo's output.
const (
	heading     style = "\x1b[1m\x1b[92m"
	literal     style = "\x1b[1m\x1b[96m"
	placeholder style = "\x1b[36m"
	failure     style = "\x1b[1m\x1b[91m"
	warned      style = "\x1b[1m\x1b[33m"
	notice      style = "\x1b[1m\x1b[96m"
	frame       style = "\x1b[1m\x1b[94m"
	strong      style = "\x1b[1m"
	invalid     style = warned
)

func (s style) paint(text string) string { return string(s) + text + "\x1b[0m" }

// The columns of a progress line, which are Cargo's: of the verb, and of verb
// and bar together at most.
const (
	progressVerb = 15
	progressMost = 50
)

// ShowsProgress reports whether programs that are run may show their progress.
func (s *Shell) ShowsProgress() bool {
	return s.term.Progress.When != nil && *s.term.Progress.When == "always" || s.progressWidth() > 0
}

// Progress shows a line of progress if done is not called within half a second.
// Other messages take the line away, as done does.
func (s *Shell) Progress(verb, text string) (done func()) {
	line := progressLine(text, s.progressWidth())
	if line == "" {
		return func() {}
	}
	ended := false
	timer := time.AfterFunc(500*time.Millisecond, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !ended {
			s.write(literal.paint(fmt.Sprintf("%12s", verb)) + " " + line + "\r")
			s.progress = len(line) + len("             ")
		}
	})
	return func() {
		timer.Stop()
		s.mu.Lock()
		defer s.mu.Unlock()
		ended = true
		s.clearProgress()
	}
}

// clearProgress takes the line away. The caller holds the lock.
func (s *Shell) clearProgress() {
	if s.progress == 0 {
		return
	}
	clear := "\x1b[K"
	if !s.colors(s.color, s.stderr) {
		clear = strings.Repeat(" ", s.progress) + "\r"
	}
	s.progress = 0
	_, _ = io.WriteString(s.stderr, clear)
}

// progressWidth is the width of the screen; 0 is for one without progress. By
// default that is one that cannot take a line back, or that a machine reads.
func (s *Shell) progressWidth() int {
	when := ""
	if s.term.Progress.When != nil {
		when = *s.term.Progress.When
	}
	name, _ := system.LookupEnv(s.environ, "TERM")
	_, ci := system.LookupEnv(s.environ, "CI")
	_, azure := system.LookupEnv(s.environ, "TF_BUILD")
	switch {
	case s.Verbosity == Quiet, when == "never", when != "always" && (name == "dumb" || ci || azure):
		return 0
	case s.term.Progress.Width != nil:
		return int(min(*s.term.Progress.Width, 1000))
	}
	width, _, _ := term.GetSize(int(s.stderr.Fd())) // 0 if it is no terminal
	return width
}

// progressLine returns a bar and a text after it for a screen of some columns;
// empty if it is too narrow. The bar is filled to just below a tenth.
func progressLine(text string, width int) string {
	inner := min(width, progressMost) - progressVerb - len("[]")
	if inner < 0 {
		return ""
	}
	filled := ""
	if n := (10*inner - 1) / 100; n > 0 {
		filled = strings.Repeat("=", n-1) + ">"
	}
	line := fmt.Sprintf("[%-*s]", inner, filled)
	if room := width - progressVerb - len(line); room > 3 {
		text = " " + text
		if len(text) > room {
			text = text[:room-3] + "..."
		}
		line += fmt.Sprintf("%-*s", room, text)
	}
	return line
}

// invisible are the characters that do not show, or change how others do.
var invisible = []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp}

// visible returns text without escape sequences and invisible characters, other
// than tabs and line feeds. What is no UTF-8 becomes U+FFFD.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.In(r, invisible...) {
			return -1
		}
		return r
	}, plain(text))
}

// JSON returns a value as people and programs may read it: indented, and with
// escapes for what visible drops.
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

// plain returns text without escape sequences, and without control characters
// other than white space.
func plain(text string) string {
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

// sequenceLength returns the length of the escape sequence at the beginning of
// text. One that holds text, such as a window's title, ends at BEL or ESC \, or
// with the line.
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
