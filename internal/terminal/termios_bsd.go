//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package terminal

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
	// discardTermios discards what is unread too.
	discardTermios = unix.TIOCSETAF
	inputQueue     = 0x4004667f // FIONREAD
)
