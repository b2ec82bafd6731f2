//go:build linux

// Command bench runs the programs and the real cargo in turn on the same tasks,
// and prints a table of medians and ratios.
//
//	bench [-runs N] [-profile] BIN
//
// BIN is the directory of the programs. If there is no cargo on PATH, or a tool
// that a row needs is missing, the row says so.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/test/parity"
)

func main() {
	runs := flag.Int("runs", 41, "how often each program runs")
	profile := flag.Bool("profile", false, "show where start-up time goes, instead of the table")
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
		fmt.Printf("%d runs each, in turn with %s\n\n", b.runs, orNone(version))
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

// profile shows what a program does before it starts its work: which packages it
// initialises, and which system calls it makes.
func (b *bench) profile() error {
	w, err := newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.write("config.toml", "registries.pub.index = \"sparse+https://registry.example/\"\n"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"env", "GODEBUG=inittrace=1", filepath.Join(b.bin, "cargo-logout"), "--registry", "pub"},
		{"env", "GODEBUG=inittrace=1", filepath.Join(b.bin, "cargo-login"), "--help"},
		{"strace", "-f", "-c", filepath.Join(b.bin, "cargo-logout"), "--registry", "pub"},
	} {
		fmt.Printf("\n== %v\n", args)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = w.home
		cmd.Env = []string{"HOME=" + w.home, "CARGO_HOME=" + w.home, "PATH=" + os.Getenv("PATH")}
		cmd.Stderr = os.Stdout
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%v: %w", args, err)
		}
	}
	return nil
}
