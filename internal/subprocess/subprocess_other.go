//go:build !unix

package subprocess

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const defaultSearchPath = ""

func processAttributes(bool) *syscall.SysProcAttr { return nil }

func killProcess(c *exec.Cmd) { _ = c.Process.Kill() }

// terminateProcess would ask a program to end, which this system cannot.
func terminateProcess(c *exec.Cmd) { _ = c.Process.Kill() }

// executable says why a file cannot be run. The system adds ".exe" to a name
// without an extension.
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

// DescribeStatus says how a program has ended as Cargo does.
func DescribeStatus(state *os.ProcessState) string {
	return fmt.Sprintf("exit code: %d", state.ExitCode())
}
