package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// What the user sees goes through [Shell], by these rules, which are Cargo's:
//
//   - Everything but help goes to standard error.
//   - Errors are always shown. Warnings, notes and status lines are hidden by
//     -q; some status lines are only shown with -v.
//   - Until the options are known, everything is shown, and in colour where
//     the environment and the terminal say so.
//   - Without colours, escape sequences and control characters are dropped
//     from every message, wherever they come from.
//   - A token never gets here.

// Verbosity says how much the user wants to see.
type Verbosity int

const (
	Normal Verbosity = iota
	Quiet
	Verbose
)

// failed is the exit status of a command that did not do its work.
const failed = 101

// Shell writes what the user sees.
type Shell struct {
	stdout, stderr *os.File
	environ        []string
	verbosity      Verbosity
	// color is what the user asked for in messages, answersColor in help and
	// usage errors: Cargo decides on the latter before it reads its options.
	color, answersColor colorChoice
	// messages drops what has no place in messages without colours.
	messages stripper

	// mu guards what is on the screen.
	mu       sync.Mutex
	progress progress
}

type colorChoice int

const (
	colorAuto colorChoice = iota
	colorAlways
	colorNever
)

// NewShell returns a shell that shows everything.
func NewShell(stdout, stderr *os.File, environ []string) *Shell {
	return &Shell{stdout: stdout, stderr: stderr, environ: environ}
}

// Verbosity returns how much is shown, for a program whose output is not ours
// to hide.
func (s *Shell) Verbosity() Verbosity { return s.verbosity }

// SetColor sets whether messages have colours: "auto", "always" or "never";
// nil is auto.
func (s *Shell) SetColor(choice *string) error {
	color, ok := parseColor(choice)
	if !ok {
		return fmt.Errorf("argument for --color must be auto, always, or never, but found `%s`", *choice)
	}
	s.color = color
	return nil
}

// colorAnswers sets whether help and usage errors have colours. A choice that
// does not exist is ignored.
func (s *Shell) colorAnswers(choice *string) {
	s.answersColor, _ = parseColor(choice)
}

func parseColor(choice *string) (color colorChoice, ok bool) {
	if choice == nil {
		return colorAuto, true
	}
	i := slices.Index([]string{"auto", "always", "never"}, *choice)
	return colorChoice(max(i, 0)), i >= 0
}

// colors reports whether what is written to the file has colours. Without a
// choice the environment decides, then whether it is a terminal that has some.
func (s *Shell) colors(choice colorChoice, file *os.File) bool {
	if choice != colorAuto {
		return choice == colorAlways
	}
	set := func(name string) bool {
		value, _ := lookup(s.environ, name)
		return value != ""
	}
	clicolor, hasCLIColor := lookup(s.environ, "CLICOLOR")
	name, hasTerm := lookup(s.environ, "TERM")
	_, ci := lookup(s.environ, "CI")
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

// print writes a message with its styles, or without where there are no
// colours.
func (s *Shell) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearProgress()
	s.write(text)
}

// write is print for a caller that holds the lock.
func (s *Shell) write(text string) {
	if !s.colors(s.color, s.stderr) {
		text = s.messages.strip(text)
	}
	// There is nobody left to tell if this fails.
	_, _ = io.WriteString(s.stderr, text)
}

// Status shows a status line: a verb, right-aligned, and what it is about.
func (s *Shell) Status(verb, text string) {
	if s.verbosity == Quiet {
		return
	}
	s.print(heading.paint(fmt.Sprintf("%12s", verb)) + " " + text + "\n")
}

// Notify shows a notice of the library.
func (s *Shell) Notify(n config.Notice) {
	switch {
	case n.Kind == config.Plain:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clearProgress()
		_, _ = io.WriteString(s.stderr, n.Text+"\n")
		return
	case s.verbosity == Quiet:
		return
	}
	switch n.Kind {
	case config.Status:
		s.Status(n.Verb, n.Text)
	case config.VerboseStatus:
		if s.verbosity == Verbose {
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
	return failed
}

// answer shows help, which was asked for and so goes to standard output, or a
// usage error.
func (s *Shell) answer(a *Answer) {
	file, choice := s.stderr, s.answersColor
	if a.Code == 0 {
		file = s.stdout
	}
	if a.late {
		choice = s.color
	}
	text := a.text(s.columns())
	if !s.colors(choice, file) {
		text = plain(text)
	}
	_, _ = io.WriteString(file, text)
}

// Error shows an error and what caused it, each layer by its own text.
func (s *Shell) Error(err error) {
	layers := layersOf(err)
	var b strings.Builder
	b.WriteString(failure.paint("error") + ": " + layers[0] + "\n")
	for _, cause := range layers[1:] {
		b.WriteString("\nCaused by:\n")
		for line := range strings.Lines(cause) {
			line, ended := strings.CutSuffix(line, "\n")
			if ended {
				line = strings.TrimSuffix(line, "\r")
			}
			if line != "" {
				b.WriteString("  " + line)
			}
			b.WriteString("\n")
		}
	}
	s.print(b.String())
}

// layersOf returns the text of an error and of each of its causes. An error
// that wraps another one ends with the other's text, which is taken off.
func layersOf(err error) []string {
	var layers []string
	for err != nil {
		cause := errors.Unwrap(err)
		text := err.Error()
		if cause != nil {
			if text == cause.Error() {
				err = cause
				continue
			}
			text = strings.TrimSuffix(text, ": "+cause.Error())
		}
		layers = append(layers, text)
		err = cause
	}
	return layers
}
