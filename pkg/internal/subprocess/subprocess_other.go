//go:build !unix

package subprocess

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const defaultSearchPath = ""

const pathIsAnyCase = true

func processAttributes(bool) *syscall.SysProcAttr { return nil }

func killProcess(p *os.Process, _ *syscall.SysProcAttr) { _ = p.Kill() }

// terminateProcess would ask a program to end, which this system cannot.
func terminateProcess(p *os.Process, _ *syscall.SysProcAttr) { _ = p.Kill() }

// executable says whether a file is there to be run, or why not. The system
// adds ".exe" to a name without an extension.
func executable(path string) (bool, error) {
	if filepath.Ext(path) == "" {
		path += ".exe"
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return info.Mode().IsRegular(), nil
}

// DescribeStatus says how a program has ended in Rust's words, which Cargo
// shows.
func DescribeStatus(state *os.ProcessState) string {
	return fmt.Sprintf("exit code: %d", state.ExitCode())
}
