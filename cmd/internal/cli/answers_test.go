package cli

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// answersFile holds command lines and what cargo answers: help, a usage error,
// or that it accepts them. A case is
//
//	$ cargo logout --quiet=x "\xff"
//	exit 1
//	|␛[1m␛[91merror:␛[0m unexpected value …
//
// with ␛ for ESC and COLUMNS=… in front for help of another width.
const answersFile = "testdata/answers.txt"

var record = flag.Bool("record", false, "record the answers of the cargo on PATH instead of comparing with them")

// accepted is the answer to a command line without help or a usage error.
const accepted = "accepted\n"

// answerCase is a case of [answersFile].
type answerCase struct {
	line    string
	columns string
	command Command
	args    []string
	want    string
}

func TestAnswersAreCargos(t *testing.T) {
	cases := readAnswers(t)
	if *record {
		recordAnswers(t, cases)
	}
	for _, c := range cases {
		_, err := c.command.parse(c.args, nil)
		got := accepted
		var answer *Answer
		if errors.As(err, &answer) {
			columns := defaultColumns
			if c.columns != "" {
				columns, _ = strconv.Atoi(c.columns)
			}
			got = formatAnswer(answer.Code, answer.text(columns))
		}
		if got != c.want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", c.line, got, c.want)
		}
	}
}

func formatAnswer(code int, text string) string {
	text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\x1b", "␛")
	return "exit " + strconv.Itoa(code) + "\n|" + strings.ReplaceAll(text, "\n", "\n|") + "\n"
}

func readAnswers(t *testing.T) []answerCase {
	t.Helper()
	file, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	var cases []answerCase
	for block := range strings.SplitSeq(string(file), "\n$ ") {
		line, want, _ := strings.Cut(strings.TrimPrefix(block, "$ "), "\n")
		c := answerCase{line: line, want: want}
		words := splitWords(t, line)
		if columns, found := strings.CutPrefix(words[0], "COLUMNS="); found {
			c.columns, words = columns, words[1:]
		}
		c.command, c.args = Login, words[2:]
		if words[1] == Logout.Name {
			c.command = Logout
		}
		cases = append(cases, c)
	}
	// The line end before "$" was cut off with it.
	for i := range len(cases) - 1 {
		cases[i].want += "\n"
	}
	return cases
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

// recordAnswers asks the cargo on PATH, in a home of its own and with no
// network, and writes its answers.
func recordAnswers(t *testing.T, cases []answerCase) {
	t.Helper()
	home := t.TempDir()
	var file bytes.Buffer
	for i, c := range cases {
		cargo := exec.Command("cargo", append([]string{c.command.Name}, c.args...)...)
		cargo.Dir = home
		cargo.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CARGO_HOME=" + home, "COLUMNS=" + c.columns,
			"CLICOLOR_FORCE=1", "CARGO_NET_OFFLINE=true", "CARGO_REGISTRY_CREDENTIAL_PROVIDER=none",
		}
		var stdout, stderr strings.Builder
		cargo.Stdout, cargo.Stderr = &stdout, &stderr
		err := cargo.Run()
		cases[i].want = accepted
		switch code := cargo.ProcessState.ExitCode(); {
		case code < 0:
			t.Fatalf("%s: %v", c.line, err)
		case code == 1:
			cases[i].want = formatAnswer(code, stderr.String())
		case strings.Contains(stdout.String(), "Usage:"):
			cases[i].want = formatAnswer(code, stdout.String())
		}
		file.WriteString("$ " + c.line + "\n" + cases[i].want)
	}
	if err := os.WriteFile(answersFile, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
