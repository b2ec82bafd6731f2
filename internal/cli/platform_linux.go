package cli

import "golang.org/x/sys/unix"

// NoCoreDump keeps the memory of this process, which may contain tokens, out of core
// dumps and from other programs of the user. Programs that it runs do not inherit
// this.
func NoCoreDump() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
