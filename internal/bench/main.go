//go:build linux

// Command bench measures the programs against the real cargo, on the same work
// in turns, and prints a table of medians and ratios.
//
//	bench [-runs N] [-profile] BIN
//
// BIN is the directory of the programs. Without a cargo on PATH, or the tools
// that a row needs, the row says so.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/internal/parity"
)

func main() {
	runs := flag.Int("runs", 41, "how often each program runs")
	profile := flag.Bool("profile", false, "show where the time of a start goes, instead of the table")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	cargo, version := parity.FindCargo()
	bin, err := filepath.Abs(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	b := &bench{bin: bin, cargo: cargo, runs: *runs}
	done, err := b.copyPrograms()
	if err != nil {
		fail(err)
	}
	defer done()
	do := b.table
	if *profile {
		do = b.profile
	} else {
		fmt.Printf("%d runs each, in turns, against %s\n\n", b.runs, orNone(version))
	}
	if err := do(); err != nil {
		done()
		fail(err)
	}
}

// copyPrograms has all programs run from copies. How a program came to be in the
// page cache, from a linker, a copy or the disk, makes up to a fifth of the time
// that it takes to start.
func (b *bench) copyPrograms() (done func(), err error) {
	dir, err := os.MkdirTemp("", "bench-bin")
	if err != nil {
		return nil, err
	}
	done = func() { os.RemoveAll(dir) }
	var programs []string
	for _, name := range []string{"cargo-login", "cargo-logout", "cargo-credential-keyring"} {
		programs = append(programs, filepath.Join(b.bin, name))
	}
	b.bin = dir
	if b.cargo != "" {
		programs = append(programs, b.cargo)
		b.cargo = filepath.Join(dir, filepath.Base(b.cargo))
	}
	for _, program := range programs {
		content, err := os.ReadFile(program)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(program)), content, 0o700)
		}
		if err != nil {
			done()
			return nil, err
		}
	}
	return done, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func orNone(version string) string {
	if version == "" {
		return "no cargo"
	}
	return version
}
