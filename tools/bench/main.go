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

	"github.com/cargo-auth/cargo-auth/test/parity"
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
	do := b.table
	if *profile {
		do = b.profile
	} else {
		fmt.Printf("%d runs each, in turns, against %s\n\n", b.runs, orNone(version))
	}
	if err := do(); err != nil {
		fail(err)
	}
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
