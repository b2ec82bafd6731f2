//go:build linux || freebsd

package subprocess

import "syscall"

// attributesWithDeathSignal has the system send a program s when its caller has
// ended. On Linux that is when the thread that has started it ends.
func attributesWithDeathSignal(s syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: s}
}
