package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Everything that the user sees goes through [Shell]. The rules are Cargo's, but for
// the last two:
//
//   - Everything but help goes to standard error.
//   - Errors always show. -q hides warnings, notes and status lines; some status
//     lines show only with -v.
//   - Until the options are known, everything shows, in colour if the environment
//     and the terminal allow it.
//   - Text from a registry, a provider or a project's configuration loses escape
//     sequences, control characters and characters without width. The colours are
//     the shell's own.
//   - A token that this run knows shows as REDACTED, whoever sent it back.

// Verbosity is how much the user wants to see.
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
	// color is the choice for messages, answersColor the one for help and usage
	// errors, for which Cargo has not read the options yet.
	color, answersColor string
	// term is [term] of the configuration.
	term termTable

	// hidden are the tokens that this run knows. learn, unless it is nil, finds
	// more of them. It runs before the first warning or error.
	hidden []config.Secret
	learn  func()

	// mu guards the screen.
	mu sync.Mutex
	// progress is the length of the progress line; 0 means that none shows.
	progress int
}

// NewShell returns a shell that shows everything.
func NewShell(stdout, stderr *os.File, environ []string) *Shell {
	return &Shell{stdout: stdout, stderr: stderr, environ: environ, color: "auto", answersColor: "auto"}
}

// setUp sets verbosity and colour: from the options, or else from [term].
func (s *Shell) setUp(o Options, c *config.Config) error {
	s.term = readTerm(c)
	isSet := func(flag *bool) bool { return flag != nil && *flag }
	verbose, quiet, names := o.Verbose, o.Quiet, "--verbose and --quiet"
	if !verbose && !quiet {
		verbose, quiet, names = isSet(s.term.Verbose), isSet(s.term.Quiet), "`term.verbose` and `term.quiet`"
	}
	switch {
	case verbose && quiet:
		return errors.New("cannot set both " + names)
	case verbose:
		s.Verbosity = Verbose
	case quiet:
		s.Verbosity = Quiet
	}
	return s.SetColor(cmp.Or(o.Color, s.term.Color))
}

// termTable is the table [term].
type termTable struct {
	Verbose    *bool   `toml:"verbose"`
	Quiet      *bool   `toml:"quiet"`
	Color      *string `toml:"color"`
	Hyperlinks *bool   `toml:"hyperlinks"`
	Unicode    *bool   `toml:"unicode"`
	Progress   struct {
		When            *string `toml:"when"`
		Width           *uint   `toml:"width"`
		TermIntegration *bool   `toml:"term-integration"`
	} `toml:"progress"`
}

// readTerm reads [term]. As in Cargo, one wrong value makes the whole table count as
// empty.
func readTerm(c *config.Config) (term termTable) {
	err := c.Table("term", &term)
	when := term.Progress.When
	isWrong := when != nil && *when != "auto" && *when != "never" && (*when != "always" || term.Progress.Width == nil)
	if err != nil || isWrong {
		return termTable{}
	}
	return term
}

// Color is `term.color`; nil if it is not configured.
func Color(c *config.Config) *string { return readTerm(c).Color }

// SetColor chooses whether messages have colours; nil means auto.
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

// colors reports whether output to the file has colours.
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

// Hide makes every later message show REDACTED in place of a token.
func (s *Shell) Hide(token config.Secret) {
	if !slices.Contains(s.hidden, token) {
		s.hidden = append(s.hidden, token)
	}
}

// Clean returns text from outside the program in the form that may be shown.
func (s *Shell) Clean(text string) string {
	text = untrusted.Visible(text)
	for _, token := range s.hidden {
		text = untrusted.Redact(text, token.Expose())
	}
	return text
}

// learnTokens calls learn once, before text from a registry or a provider may show.
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

// write is print for callers that hold the lock.
func (s *Shell) write(text string) {
	if !s.colors(s.color, s.stderr) {
		text = untrusted.Plain(text)
	}
	// If this fails, the user cannot be told.
	_, _ = io.WriteString(s.stderr, text)
}

// Status shows a status line: a right-aligned verb, and a text.
func (s *Shell) Status(verb, text string) {
	if s.Verbosity == Quiet {
		return
	}
	s.print(heading.paint(fmt.Sprintf("%12s", verb)) + " " + text + "\n")
}

// Notify shows a message of the library.
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

// Warn shows a warning.
func (s *Shell) Warn(format string, args ...any) {
	s.Notify(config.Message{Kind: config.Warning, Text: untrusted.Sprintf(format, args...)})
}

// Report shows how a command ended and returns the program's exit status: 0, the one
// of an [Answer], or 101.
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
		text = untrusted.Plain(text)
	}
	_, _ = io.WriteString(file, text)
}

// Error shows an error and its causes, each with its own text.
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

// style is the escape sequence that starts a style.
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

// The columns of a progress line, as in Cargo: of the verb, and at most of verb and
// bar together.
const (
	progressVerb = 15
	progressMost = 50
)

// ShowsProgress reports whether child programs may show their progress.
func (s *Shell) ShowsProgress() bool {
	return s.term.Progress.When != nil && *s.term.Progress.When == "always" || s.progressWidth() > 0
}

// Progress shows a progress line unless done is called within half a second. The
// line disappears with the next message, or when done is called.
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

// clearProgress removes the progress line. The caller holds the lock.
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

// progressWidth returns the width of the screen; 0 means that no progress shows. By
// default none shows where a line cannot be removed, or where a machine reads it.
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
	width, _, _ := term.GetSize(int(s.stderr.Fd())) // 0 without a terminal
	return width
}

// progressLine returns a bar with a text for a screen of that width; empty if the
// screen is too narrow. The bar is just under a tenth full.
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
