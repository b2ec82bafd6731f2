//go:build unix

package parity

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Program is what runs the command lines of a case.
type Program struct {
	// Cargo is the real cargo's path; it is given the command line as it is.
	// It may also be a program in its place.
	Cargo string
	// Bin holds cargo-login and cargo-logout, of which the line names one.
	// It counts if Cargo is empty.
	Bin string
}

func (p Program) String() string { return p.Cargo + p.Bin }

// command is the program and its arguments for a line without its "cargo".
//
// What stands before login or logout is cargo's own and stands first for ours
// too. Where -C follows the command, ours is given the command's name as well,
// as a subcommand is, for without it -C would count as cargo's own.
func (p Program) command(args []string) (string, []string, error) {
	if p.Cargo != "" {
		return p.Cargo, args, nil
	}
	i := slices.IndexFunc(args, func(a string) bool { return a == "login" || a == "logout" })
	if i < 0 {
		return "", nil, fmt.Errorf("cargo %s: neither login nor logout", strings.Join(args, " "))
	}
	program, before, after := filepath.Join(p.Bin, "cargo-"+args[i]), args[:i], args[i+1:]
	isDirectory := func(a string) bool { return strings.HasPrefix(a, "-C") }
	if len(before) == 0 && slices.ContainsFunc(after, isDirectory) {
		return program, args, nil
	}
	return program, slices.Concat(before, after), nil
}

// FindCargo finds the real cargo: the one on PATH, or the one it stands for
// where that is rustup's. The version is its answer to -V. Without a cargo both
// are empty.
func FindCargo() (path, version string) {
	path, err := exec.LookPath("cargo")
	if err != nil {
		return "", ""
	}
	rustup := filepath.Join(filepath.Dir(path), "rustup") // the proxies stand beside it
	if real, err := exec.Command(rustup, "which", "cargo").Output(); err == nil {
		path = string(bytes.TrimSpace(real))
	}
	out, err := exec.Command(path, "-V").Output()
	if err != nil {
		return "", ""
	}
	return path, string(bytes.TrimSpace(out))
}

// Reachable returns a path at which every user can run the program: the same
// one, or a copy in dir if it is in a directory closed to others.
func Reachable(program, dir string) (string, error) {
	for parent := filepath.Dir(program); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return "", err
		}
		if info.Mode().Perm()&1 == 0 {
			break
		}
		if parent == filepath.Dir(parent) {
			return program, nil
		}
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(dir, filepath.Base(program))
	return copied, os.WriteFile(copied, content, 0o755)
}
