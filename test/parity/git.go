//go:build unix

package parity

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// commit commits all files of a directory. The commit is the same on every
// machine, since answers show it.
func commit(dir string) error {
	commands := [][]string{
		{"add", "--all"},
		{"commit", "--quiet", "--allow-empty", "--message=index"},
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		commands = append([][]string{{"init", "--quiet"}}, commands...)
	}
	for _, args := range commands {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_AUTHOR_DATE=2000-01-01T00:00:00Z",
			"GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z",
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
