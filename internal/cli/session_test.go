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
// begins with "$ " holds environment variables and the words after cargo;
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
	command := *Logout
	command.Run = func(_ context.Context, s *Session) error {
		_, err := s.Registry()
		return err
	}
	s.main(command.asProgram(s, append([]string{Logout.Name}, args...)).ExecuteContext)
	text, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sessionLine splits a line into the environment and the words after "logout".
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

func TestRelease(t *testing.T) {
	for _, test := range []struct{ described, commit, want string }{
		{"v1.2.3", "0123456789ab", "1.2.3 (0123456789ab)"},
		{"v1.2.3", "", "1.2.3"},
		{"v1.2.3-4-g0123456789ab-dirty", "0123456789ab-dirty", "1.2.3-4 (0123456789ab-dirty)"},
		{"v1.2.3-rc.1-4-g01234567", "01234567", "1.2.3-rc.1-4 (01234567)"},
		{"0123456789ab", "0123456789ab", "0.0.0 (0123456789ab)"},
		{"(devel)", "", "0.0.0"},
		{"v0.0.0-20261130235432-0123456789ab+dirty", "0123456789ab", "0.0.0-20261130235432 (0123456789ab)"},
		{"v1.2.4-0.20261130235432-0123456789ab", "", "1.2.4-0.20261130235432 (0123456789ab)"},
	} {
		if got := release(test.described, test.commit); got != test.want {
			t.Errorf("release(%q, %q) = %q, want %q", test.described, test.commit, got, test.want)
		}
	}
}

func TestChannel(t *testing.T) {
	const override = "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS="
	for _, test := range []struct {
		toolchain string
		environ   []string
		want      Channel
	}{
		{"", nil, "stable"},
		{"nightly-2026-01-01", nil, "nightly"},
		{"stable", []string{"RUSTUP_TOOLCHAIN=nightly"}, "stable"},
		{"", []string{"RUSTUP_TOOLCHAIN=nightly-x86_64"}, "nightly"},
		{"", []string{"RUSTC_BOOTSTRAP=1"}, "dev"},
		{"", []string{"RUSTC_BOOTSTRAP=cargo"}, "stable"},
		{"nightly", []string{override + "beta"}, "beta"},
	} {
		if got := channel(test.toolchain, test.environ); got != test.want {
			t.Errorf("channel(%q, %q) = %q, want %q", test.toolchain, test.environ, got, test.want)
		}
	}
}
