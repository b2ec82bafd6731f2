package terminal

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
	// discardTermios discards what is unread too.
	discardTermios = unix.TCSETSF
	inputQueue     = unix.TIOCINQ
)
