//go:build unix && !linux && !freebsd

package subprocess

import "syscall"

// withDeathSignal does nothing: this system cannot send such a signal.
func withDeathSignal(attributes *syscall.SysProcAttr, _ syscall.Signal) *syscall.SysProcAttr {
	return attributes
}
