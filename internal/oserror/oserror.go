// Package oserror gives errors of the operating system the words that Rust
// programs, and so Cargo, use for them: "No such file or directory (os error
// 2)".
package oserror

import (
	"errors"
	"strconv"
	"syscall"
	"unicode"
)

// New returns an error with the text of the operating-system error that err
// wraps, and without what err says beside it. It answers errors.Is as err
// does. An err that wraps no such error is returned as it is; nil is nil.
func New(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return &osError{errno}
}

// osError has no Unwrap: its cause is not a layer of its own.
type osError struct {
	errno syscall.Errno
}

func (e *osError) Error() string {
	text := []rune(e.errno.Error())
	text[0] = unicode.ToUpper(text[0])
	return string(text) + " (os error " + strconv.Itoa(int(e.errno)) + ")"
}

func (e *osError) Is(target error) bool { return errors.Is(e.errno, target) }

func (e *osError) As(target any) bool { return errors.As(e.errno, target) }
