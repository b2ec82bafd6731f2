// Package system is what the programs and the library use of the operating
// system where package os does not do what Cargo does: errors in Cargo's words,
// variables of a given environment, and files that are opened and locked so that
// Cargo and this project take turns.
package system

import (
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// Error returns an error of the operating system in the words that Rust programs,
// and so Cargo, use: "No such file or directory (os error 2)". What err says
// besides is left out; errors.Is and errors.As find the same in both. Other
// errors, and nil, are returned as they are.
func Error(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return &osError{errno}
}

// osError has no Unwrap: its cause is not a layer of its own.
type osError struct{ errno syscall.Errno }

func (e *osError) Error() string {
	text := []rune(e.errno.Error())
	text[0] = unicode.ToUpper(text[0])
	return string(text) + " (os error " + strconv.Itoa(int(e.errno)) + ")"
}

func (e *osError) Is(target error) bool { return errors.Is(e.errno, target) }

func (e *osError) As(target any) bool { return errors.As(e.errno, target) }

// LookupEnv returns the value of a variable in an environment such as that of
// os.Environ. If several have the name the last one counts, as it does for a
// program that is run with them.
func LookupEnv(environ []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(environ) {
		found, value, ok := strings.Cut(entry, "=")
		if ok && (found == name || runtime.GOOS == "windows" && strings.EqualFold(found, name)) {
			return value, true
		}
	}
	return "", false
}
