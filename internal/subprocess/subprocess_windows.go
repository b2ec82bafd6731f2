package subprocess

import (
	"os/exec"
	"syscall"
)

func processAttributes(bool) *syscall.SysProcAttr { return nil }

func kill(c *exec.Cmd) { _ = c.Process.Kill() }

// terminate kills the program: Windows has no way to ask it to end.
func terminate(c *exec.Cmd) { kill(c) }
