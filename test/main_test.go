//go:build unix

// Package test holds the acceptance tests: scripts that a person could
// type (script_test.go), and comparison with the real cargo (parity_test.go).
// Both run the real programs.
package test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/test/parity"
	"github.com/rogpeppe/go-internal/testscript"
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
