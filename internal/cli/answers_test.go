package cli

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// answersFile holds command lines and below each, after a tab, what cargo
// answers: the first line of a usage error, "help", or "accepted". A word in
// quotes is a Go string.
const answersFile = "testdata/answers.txt"

var record = flag.Bool("record", false, "record the answers of the cargo on PATH instead of comparing with them")

const (
	accepted = "accepted"
	help     = "help"
)

func TestAnswersAreCargos(t *testing.T) {
	text, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	var recorded strings.Builder
	for block := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\ncargo ") {
		line, want, _ := strings.Cut(strings.TrimPrefix(block, "cargo "), "\n\t")
		words := splitWords(t, line)
		if *record {
			recorded.WriteString("cargo " + line + "\n\t" + answerOfCargo(t, words) + "\n")
			continue
		}
		command := Login
		if words[0] == Logout.Name {
			command = Logout
		}
		// As a subcommand, for a program has more options than Cargo's command.
		_, got := parse(command, words, nil)
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if *record {
		if err := os.WriteFile(answersFile, []byte(recorded.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// parse reads a command line as a program does and returns what it says, and the
// answer to it.
func parse(c Command, args, environ []string) (o Options, answer string) {
	s := &Session{environ: environ}
	program := s.program(c, "v1.2.3", nil, args)
	command, _, _ := program.Find([]string{c.Name})
	answer = accepted
	command.RunE = func(*cobra.Command, []string) error {
		o = s.Options
		return o.checkDirectory()
	}
	command.SetHelpFunc(func(*cobra.Command, []string) { answer = help })
	var usage *Answer
	if err := program.Execute(); errors.As(err, &usage) {
		answer, _, _ = strings.Cut(usage.Error(), "\n")
	} else if err != nil {
		answer = err.Error()
	}
	return o, answer
}

// splitWords splits a line at spaces; a word in quotes is a Go string.
func splitWords(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for line != "" {
		word, rest, _ := strings.Cut(line, " ")
		if quoted, err := strconv.QuotedPrefix(line); err == nil {
			word, _ = strconv.Unquote(quoted)
			rest = strings.TrimPrefix(line[len(quoted):], " ")
		}
		words, line = append(words, word), rest
	}
	return words
}

// answerOfCargo asks the cargo on PATH, in a home of its own and with no
// network.
func answerOfCargo(t *testing.T, args []string) string {
	t.Helper()
	home := t.TempDir()
	cargo := exec.Command("cargo", args...)
	cargo.Dir = home
	cargo.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CARGO_HOME=" + home,
		"CARGO_NET_OFFLINE=true", "CARGO_REGISTRY_CREDENTIAL_PROVIDER=none",
	}
	var stdout, stderr strings.Builder
	cargo.Stdout, cargo.Stderr = &stdout, &stderr
	err := cargo.Run()
	switch code := cargo.ProcessState.ExitCode(); {
	case code < 0:
		t.Fatalf("%q: %v", args, err)
	case code == 1:
		first, _, _ := strings.Cut(stderr.String(), "\n")
		return first
	case strings.Contains(stdout.String(), "Usage:"):
		return help
	}
	return accepted
}
