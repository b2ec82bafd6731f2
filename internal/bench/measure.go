//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// bench is what all rows share.
type bench struct {
	bin, cargo string
	runs       int
}

// program is a way to do a row's work.
type program struct {
	args  []string
	stdin string
	// before makes the world that a run starts from. It is not measured.
	before func() error
}

// result is what the runs of one program took.
type result struct {
	times []time.Duration
	// peak is the most memory that a run had, in KiB.
	peak int64
}

func (r result) median() time.Duration {
	slices.Sort(r.times)
	return r.times[len(r.times)/2]
}

// world is a home and an environment.
type world struct{ home string }

func newWorld() (*world, error) {
	home, err := os.MkdirTemp("", "bench")
	return &world{home}, err
}

func (w *world) close() { os.RemoveAll(w.home) }

func (w *world) write(name, content string) error {
	return os.WriteFile(filepath.Join(w.home, name), []byte(content), 0o600)
}

// run runs the programs in turns.
func (b *bench) run(w *world, environ []string, programs ...program) ([]result, error) {
	results := make([]result, len(programs))
	for range b.runs {
		for i, p := range programs {
			if p.before != nil {
				if err := p.before(); err != nil {
					return nil, err
				}
			}
			cmd := exec.Command(p.args[0], p.args[1:]...)
			cmd.Dir = w.home
			cmd.Env = append([]string{"HOME=" + w.home, "CARGO_HOME=" + w.home, "PATH=" + os.Getenv("PATH")}, environ...)
			cmd.Stdin = bytes.NewReader([]byte(p.stdin))
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			begin := time.Now()
			err := cmd.Run()
			took := time.Since(begin)
			if err != nil {
				return nil, fmt.Errorf("%v: %w\n%s", p.args, err, said.Bytes())
			}
			results[i].times = append(results[i].times, took)
			if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				results[i].peak = max(results[i].peak, usage.Maxrss)
			}
		}
	}
	return results, nil
}
