//go:build linux || freebsd

package subprocess

import "syscall"

// withDeathSignal makes the system send a program s when its caller ends. On Linux
// that is when the thread that started it ends.
func withDeathSignal(attributes *syscall.SysProcAttr, s syscall.Signal) *syscall.SysProcAttr {
	attributes.Pdeathsig = s
	return attributes
}
