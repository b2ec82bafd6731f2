//go:build unix

// Package test has the acceptance tests, which run the real programs: scripts that
// a person could type (script_test.go), the comparison with the real cargo
// (parity_test.go), and a chapter for each subject that needs more. This file has
// what the chapters share.
package test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
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
	if signal.Ignored(syscall.SIGHUP) { // under nohup, our programs would ignore it too
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	if err := os.Chdir(".."); err != nil { // paths in the tests are the repository's
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testscript.Main(cleaner{m}, map[string]func(){
		"typed": typed,
		"asker": func() { credential.Main(asker{}) },
	})
}

// A cleaner runs the tests, and removes the programs that were built for them.
type cleaner struct{ *testing.M }

func (c cleaner) Run() int {
	syscall.Umask(0o022) // answers and scripts expect this
	var err error
	if programsDir, err = os.MkdirTemp("", "cargo-auth-bin"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programsDir)
	if err := os.Chmod(programsDir, 0o755); err != nil { // some cases run as another user
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return c.M.Run()
}

var programsDir string

// programs builds the programs, as the Makefile does, and the examples. It builds
// them once and returns their directory. The front for Cargo is front/cargo in it.
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

// patience is how long a program may take in a test. A program that hangs fails
// its test, and so does one whose child keeps its output open.
const patience = time.Minute

// command returns a command that is killed after patience.
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

// need ends a test if a tool that it needs is not installed.
func need(t skipper, tools ...string) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
}

// needRootToTrace ends a test that uses strace on our programs, unless root runs
// it. The programs do not let the user's other programs trace them.
func needRootToTrace(t skipper) {
	if os.Geteuid() != 0 {
		missing(t, "root, which alone can trace our programs,")
	}
}

// missing skips a test because a tool is missing. If everything must run, the test
// fails.
func missing(t skipper, tool string) {
	if os.Getenv("CI") == "true" {
		t.Fatal(fmt.Sprintf("%s is missing, and with CI=true nothing is skipped", tool))
	}
	t.Skip(tool + " is missing")
}

// cargoDir returns the directory of the real cargo, or none.
var cargoDir = sync.OnceValue(func() []string {
	if cargo, _ := parity.FindCargo(); cargo != "" {
		return []string{filepath.Dir(cargo)}
	}
	return nil
})

// freshClone returns a repository whose only commit has the files of this tree,
// committed or not. The commit is of 2 January 2020 and has the tag v1.2.3.
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
		if os.IsNotExist(err) { // removed, but that is not committed
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

// runIn runs a command in dir with the environment of outsideMake, and returns its
// output.
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

// outsideMake returns the environment without the variables of the make that may
// be running the tests.
func outsideMake() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{
			"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TESTFLAGS", "VERSION", "SOURCE_DATE_EPOCH", "DESTDIR", "PREFIX",
		}, name)
	})
}

// filesIn returns the names of all files in dir and its subdirectories, sorted.
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
		t.Fatalf("%v (make parity-record records answers)", err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
