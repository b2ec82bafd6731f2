//go:build unix

// Package test holds the acceptance tests: scripts that a person could
// type (script_test.go), and comparison with the real cargo (parity_test.go).
// Both run the real programs.
package test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/test/parity"
)

func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil { // paths in the tests are the repository's
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testscript.Main(cleaner{m}, map[string]func(){
		"typed": typed,
		"asker": func() { credential.Main(asker{}) },
	})
}

// A cleaner runs the tests and removes the programs that were built for them.
type cleaner struct{ *testing.M }

func (c cleaner) Run() int {
	syscall.Umask(0o022) // what answers and scripts count on
	var err error
	if programsDir, err = os.MkdirTemp("", "cargo-auth-bin"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programsDir)
	if err := os.Chmod(programsDir, 0o755); err != nil { // some cases run as nobody
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return c.M.Run()
}

var programsDir string

// programs builds the programs as the Makefile does, and the examples, once, and
// returns the directory they are in. The front for Cargo is in front/cargo there.
var programs = sync.OnceValues(func() (string, error) {
	err := build(programsDir,
		"./cmd/cargo-login", "./cmd/cargo-logout", "./cmd/cargo-credential-keyring", "./examples/...")
	if err != nil {
		return "", err
	}
	if err := build(filepath.Join(programsDir, "front")+"/", "./cmd/cargo"); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(programsDir)
})

func build(dir string, packages ...string) error {
	build := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", dir}, packages...)...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

// ours returns the path of one of our programs.
func ours(t *testing.T, name string) string {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(bin, name)
}

// realCargo returns the path of the real cargo.
func realCargo(t *testing.T) string {
	t.Helper()
	path, _ := parity.FindCargo()
	if path == "" {
		missing(t, "cargo")
	}
	return path
}

// patience is how long a program may take in a test. One that hangs fails its
// test, and so does one that leaves another behind that keeps its output open.
const patience = time.Minute

// command returns a command that does not outlast patience.
func command(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

type skipper interface {
	Skip(...any)
	Fatal(...any)
}

// need ends a test that needs a tool which is not there.
func need(t skipper, tools ...string) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
}

// needRootToTrace is called where strace looks at our programs, which keep
// themselves closed to other programs of the user.
func needRootToTrace(t skipper) {
	if os.Geteuid() != 0 {
		missing(t, "root, who alone can trace our programs,")
	}
}

// missing is called where a tool that a test needs is not there. The test is
// skipped with the reason, or fails where everything must run.
func missing(t skipper, tool string) {
	if os.Getenv("CI") == "true" {
		t.Fatal(fmt.Sprintf("%s is missing, and with CI=true nothing is skipped", tool))
	}
	t.Skip(tool + " is missing")
}

// cargoDir is where the real cargo is, if there is one.
var cargoDir = sync.OnceValue(func() []string {
	if cargo, _ := parity.FindCargo(); cargo != "" {
		return []string{filepath.Dir(cargo)}
	}
	return nil
})

// freshClone returns a repository with what is in this tree, committed or not,
// as its only commit, of 2 January 2020 and with the tag v1.2.3.
func freshClone(t *testing.T) string {
	t.Helper()
	need(t, "git")
	clone := t.TempDir()
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		info, err := os.Stat(name)
		if os.IsNotExist(err) { // removed, and not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, content, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	runIn(t, clone, "git", "init", "-q")
	runIn(t, clone, "git", "add", "-A")
	runIn(t, clone, "git", "commit", "-q", "-m", "All of it")
	runIn(t, clone, "git", "tag", "v1.2.3")
	return clone
}

// runIn runs a command in dir, as outsideMake, and returns its output.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(outsideMake(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2020-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2020-01-02T03:04:05Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

// outsideMake is the environment without what it says of the make and the
// packages that the tests may be part of.
func outsideMake() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{
			"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TESTFLAGS", "VERSION", "SOURCE_DATE_EPOCH", "DESTDIR", "PREFIX",
		}, name)
	})
}

// filesIn returns the names of all files below dir, sorted.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make parity-record makes it)", err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
