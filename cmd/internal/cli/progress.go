package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// progressDelay is how long something takes before it has a progress line.
const progressDelay = 500 * time.Millisecond

// The columns of a progress line, which are Cargo's: of the verb, and of verb
// and bar together at most.
const (
	progressVerb = 15
	progressMost = 50
)

// progress is the line at the bottom of the terminal.
type progress struct {
	when *string
	// width is the configured one; nil is the terminal's.
	width *int64
	// shown is the length of the line that is on the screen; 0 is none.
	shown int
}

// setProgress sets where there are progress lines. Without a choice it is on
// terminals that can take a line back, unless a machine reads along.
func (s *Shell) setProgress(t config.Term) {
	s.progress.when, s.progress.width = t.ProgressWhen, t.ProgressWidth
}

// Progress shows a line of progress if done is not called within half a second.
// Other messages take the line away, as done does.
func (s *Shell) Progress(verb, text string) (done func()) {
	line := progressLine(text, s.progressWidth())
	if line == "" {
		return func() {}
	}
	ended := false
	timer := time.AfterFunc(progressDelay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !ended {
			s.write(literal.paint(fmt.Sprintf("%12s", verb)) + " " + line + "\r")
			s.progress.shown = len(line) + len("             ")
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
	if s.progress.shown == 0 {
		return
	}
	clear := "\x1b[K"
	if !s.colors(s.color, s.stderr) {
		clear = strings.Repeat(" ", s.progress.shown) + "\r"
	}
	s.progress.shown = 0
	_, _ = io.WriteString(s.stderr, clear)
}

// progressWidth is the width of the screen; 0 is for one without progress.
func (s *Shell) progressWidth() int {
	p := s.progress
	name, _ := lookup(s.environ, "TERM")
	_, ci := lookup(s.environ, "CI")
	_, azure := lookup(s.environ, "TF_BUILD")
	always := p.when != nil && *p.when == "always"
	switch {
	case s.verbosity == Quiet, p.when != nil && *p.when == "never":
		return 0
	case !always && (name == "dumb" || ci || azure):
		return 0
	case p.width != nil:
		return int(min(*p.width, 1000))
	}
	width, _, err := term.GetSize(int(s.stderr.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// progressLine returns a bar with a text behind it for a screen of some columns;
// empty if it is too narrow. The bar is filled to just below a tenth, as Cargo's
// is: how much is to come is not known.
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
