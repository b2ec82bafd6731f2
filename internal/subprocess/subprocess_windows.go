package subprocess

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const defaultSearchPath = ""

func processAttributes(bool) *syscall.SysProcAttr { return nil }

func kill(c *exec.Cmd) { _ = c.Process.Kill() }

// terminate kills the program: Windows has no way to ask it to end.
func terminate(c *exec.Cmd) { kill(c) }

// executable returns why a file cannot be run, or nil. Windows adds ".exe" to a
// name without an extension.
func executable(path string) error {
	if filepath.Ext(path) == "" {
		path += ".exe"
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	return err
}
