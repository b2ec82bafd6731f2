package cli

import "golang.org/x/sys/unix"

// NoCoreDump keeps what this process holds in memory, tokens among it, out of
// core dumps and from other programs of the user. It is for this process alone.
func NoCoreDump() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
