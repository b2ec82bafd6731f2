//go:build unix

package terminal

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTypesAfterThePrompt(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "printf 'name? '; read a; printf 'age? '; read b; echo $a is $b")
	got, err := Session{Steps: []Step{{After: "name? ", Type: "Ann\n"}, {After: "age? ", Type: "7\n"}}}.Run(cmd)
	if want := "name? Ann\r\nage? 7\r\nAnn is 7\r\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestOnlyStandardErrorOnTheTerminal(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "cat; for i in 0 1 2; do test -t $i && echo $i >&2; done; :")
	var out strings.Builder
	cmd.Stdin, cmd.Stdout = strings.NewReader("in"), &out
	got, err := Session{StderrOnly: true}.Run(cmd)
	if err != nil || string(got) != "2\r\n" || out.String() != "in" {
		t.Errorf("terminal %q, standard output %q, %v", got, out.String(), err)
	}
}

func TestPromptThatNeverComes(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "echo bye")
	if _, err := (Session{Steps: []Step{{After: "name?", Type: "Ann\n"}}}).Run(cmd); err == nil {
		t.Error("no error")
	}
}
