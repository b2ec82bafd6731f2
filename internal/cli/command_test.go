package cli

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// login has the command line of the command `login`.
var login = &Command{Name: "login", About: "Log in to a registry.", TakesToken: true}

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
		command := login
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
func parse(c *Command, args, environ []string) (o Options, answer string) {
	s := &Session{environ: environ}
	program := c.asProgram(s, args)
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

func ptr(s string) *string { return &s }

func TestParse(t *testing.T) {
	for _, test := range []struct {
		command *Command
		args    []string
		want    Options
	}{
		{Logout, nil, Options{}},
		{Logout, []string{"--registry", "x", "-vqv"}, Options{Registry: ptr("x"), Verbose: true, Quiet: true}},
		{Logout, []string{"--registry=", "--color=NEVER"}, Options{Registry: ptr(""), Color: ptr("NEVER")}},
		{Logout, []string{"--config", "a=1", "--config=b=2", "-Za", "-Z=b", "-Z", "c"}, Options{Config: []string{"a=1", "b=2"}, Unstable: []string{"a", "b", "c"}}},
		{Logout, []string{"--locked", "--offline", "--frozen", "--"}, Options{Offline: true, Frozen: true}},
		{Logout, []string{"logout", "-q"}, Options{Quiet: true}},
		{Logout, []string{"+nightly", "-q"}, Options{Quiet: true, Channel: "nightly"}},
		{Logout, []string{"+nightly", "-Zunstable-options", "-C", "dir"}, Options{Dir: ptr("dir"), Unstable: []string{"unstable-options"}, Channel: "nightly"}},
		{login, []string{"token", "--", "--a", "b"}, Options{Token: ptr("token"), Args: []string{"--a", "b"}}},
		{login, []string{"login", "login"}, Options{Token: ptr("login")}},
	} {
		if test.want.Channel == "" {
			test.want.Channel = "stable"
		}
		got, answer := parse(test.command, test.args, nil)
		if answer != accepted || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: parse(%q) = %+v, %s, want %+v", test.command.Name, test.args, got, answer, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		command    *Command
		args, want string
	}{
		{Logout, "--regstry x", "error: unexpected argument '--regstry' found"},
		{Logout, "logout -C dir", "error: unexpected argument '-C' found"},
		{Logout, "--registry a -q --registry b", "error: the argument '--registry <REGISTRY>' cannot be used multiple times"},
		{Logout, "-C dir", errDirectoryUnstable.Error()},
		{Logout, "token --help", "error: unexpected argument 'token' found"},
		{Logout, "--help --nope", help},
		{login, "--version", "cargo-login 0.0.0"},
	} {
		if _, got := parse(test.command, strings.Fields(test.args), nil); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.command.Name, test.args, got, test.want)
		}
	}
}

// FuzzParse: there is always a result, or an error with a text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "--registry x", "-vvq", "--color=\xff", "-C dir", "+nightly -Z unstable-options -C x", "tok -- a",
		"--=", "-=", "- --", "--verbos", "-Z", "--help", "login -C x", "-test.v", "--quiet=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args, commands := strings.Split(line, " "), []*Command{login, Logout}
		_ = readFront(commands, args, nil).alone()
		for _, command := range commands {
			if _, answer := parse(command, args, nil); answer == "" {
				t.Errorf("%s %q: an error without a text", command.Name, args)
			}
		}
	})
}
