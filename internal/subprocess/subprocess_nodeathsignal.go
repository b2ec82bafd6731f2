//go:build unix && !linux && !freebsd

package subprocess

import "syscall"

// attributesWithDeathSignal cannot have this system send a signal.
func attributesWithDeathSignal(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
