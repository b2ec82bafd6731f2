package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// entry is a provider as a file in the configuration has it.
type entry struct {
	// text is a list's element.
	text    string
	program string
	args    []string
}

// entry returns what the words of a provider mean, aliases resolved.
func (r *registration) entry(text string, words []string) entry {
	e := entry{text: text}
	if len(words) == 0 {
		return e
	}
	e.program, e.args = words[0], words[1:]
	if len(e.args) > 0 {
		return e
	}
	if alias := r.words([]string{"credential-alias", e.program}); alias != nil {
		e.program, e.args = alias[0], alias[1:]
	} else if p, err := r.config.Program("credential-alias." + e.program); err == nil && p != nil {
		e.program, e.args = p.Name, p.Args
	}
	return e
}

// isCurrent reports whether the entry needs no change: it leads to a program,
// with the arguments that the user wants.
func (e entry) isCurrent(args []string) bool {
	_, err := exec.LookPath(e.program)
	return err == nil && (args == nil || slices.Equal(args, e.args))
}

// isOurs reports whether a configured program is this one, wherever it is
// installed.
func isOurs(program string) bool {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == programName
}

// selfPath returns where this program is, by the path by which it was found: one
// that a package manager links stays right when it is upgraded.
func selfPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find out where this program is: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil {
		if found, err = filepath.Abs(found); err == nil && isSameFile(found, self) && isOurs(found) {
			self = found
		}
	}
	if !utf8.ValidString(self) {
		return "", errors.New("this program is in a directory whose name is no UTF-8, which Cargo's configuration cannot hold")
	}
	if !isOurs(self) {
		return "", fmt.Errorf("this program must be called `%s` to be registered, not `%s`", programName, filepath.Base(self))
	}
	return self, nil
}

func isSameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
