//go:build unix && !linux

package cli

import "golang.org/x/sys/unix"

// NoCoreDump keeps what this process holds in memory, tokens among it, out of
// core dumps, also of the programs that it runs.
func NoCoreDump() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
