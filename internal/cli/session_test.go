package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sessionsFile holds what cargo wrote for command lines that it accepts, up to
// the name of the default registry, which is one that it refuses. A line that
// begins with "$ " holds environment variables and the words behind cargo;
// below stands everything that was written, with ␛ for ESC.
const sessionsFile = "testdata/sessions.txt"

func TestSessionsAreConfiguredAsCargoDoes(t *testing.T) {
	text, err := os.ReadFile(sessionsFile)
	if err != nil {
		t.Fatal(err)
	}
	if *record {
		recordSessions(t, string(text))
		return
	}
	for block := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n$ ") {
		line, want, _ := strings.Cut(strings.TrimPrefix(block, "$ "), "\n")
		t.Run(line, func(t *testing.T) {
			if got := strings.ReplaceAll(session(t, line), "\x1b", "␛"); got != want+"\n" {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// session runs what a program does before its own work, and the first step of
// that, and returns what it writes.
func session(t *testing.T, line string) string {
	t.Helper()
	environ, args := sessionLine(t, line)
	dir := t.TempDir()
	t.Chdir(dir)
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()

	s := &Session{Shell: NewShell(output, output, environ), environ: environ}
	run := func(_ context.Context, s *Session) error {
		_, err := s.Target()
		return err
	}
	s.main(s.program(Logout, "", run, append([]string{Logout.Name}, args...)).ExecuteContext)
	text, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sessionLine splits a line into the environment and the words behind "logout".
func sessionLine(t *testing.T, line string) (environ, args []string) {
	t.Helper()
	environ = []string{"HOME=" + t.TempDir(), "CARGO_REGISTRY_DEFAULT=!"}
	words := splitWords(t, line)
	for words[0] != Logout.Name {
		environ, words = append(environ, words[0]), words[1:]
	}
	return environ, words[1:]
}

// recordSessions asks the cargo on PATH and writes its answers.
func recordSessions(t *testing.T, recorded string) {
	t.Helper()
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for block := range strings.SplitSeq(recorded, "\n$ ") {
		line, _, _ := strings.Cut(strings.TrimPrefix(block, "$ "), "\n")
		environ, args := sessionLine(t, line)
		cmd := exec.Command(cargo, append([]string{Logout.Name}, args...)...)
		cmd.Env, cmd.Dir = environ, t.TempDir()
		output, _ := cmd.CombinedOutput()
		b.WriteString("$ " + line + "\n" + strings.ReplaceAll(string(output), "\x1b", "␛"))
	}
	if err := os.WriteFile(sessionsFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
