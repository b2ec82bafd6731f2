//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// profile shows what a program does before its work: the packages that are
// initialised, and the system calls.
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
