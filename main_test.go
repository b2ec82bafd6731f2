//go:build unix

// Package cargoauth holds the acceptance tests: scripts that a person could
// type (script_test.go), and comparison with the real cargo (parity_test.go).
// Both run the real programs.
package cargoauth

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	syscall.Umask(0o022) // what answers and scripts count on
	code := m.Run()
	if dir, err := programs(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// programs builds the programs as the Makefile does, once, and returns the
// directory they are in.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cargo-auth-bin")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir,
		"./cmd/cargo-login", "./cmd/cargo-logout", "./cmd/cargo-credential-keyring")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return dir, os.Chmod(dir, 0o755)
})
