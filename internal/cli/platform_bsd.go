//go:build unix && !linux

package cli

import "golang.org/x/sys/unix"

// NoCoreDump keeps the memory of this process, which may contain tokens, out of core
// dumps. Programs that it runs inherit this.
func NoCoreDump() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
