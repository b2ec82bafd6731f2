//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is one way to do a row's task.
type program struct {
	args  []string
	stdin string
	// before prepares the world for a run. It is not measured.
	before func() error
}

// times are how long each run of one program took.
type times []time.Duration

func (t times) median() time.Duration {
	slices.Sort(t)
	return t[len(t)/2]
}

// world is a home directory that the programs run in.
type world struct{ home string }

func newWorld() (*world, error) {
	home, err := os.MkdirTemp("", "bench")
	return &world{home}, err
}

func (w *world) close() { os.RemoveAll(w.home) }

func (w *world) write(name, content string) error {
	return os.WriteFile(filepath.Join(w.home, name), []byte(content), 0o600)
}

// run runs the programs in turn.
func (w *world) run(runs int, environ []string, programs ...program) ([]times, error) {
	results := make([]times, len(programs))
	for range runs {
		for i, p := range programs {
			took, err := w.once(p, environ)
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], took)
		}
	}
	return results, nil
}

// once runs a program and returns how long it took.
func (w *world) once(p program, environ []string) (time.Duration, error) {
	if p.before != nil {
		if err := p.before(); err != nil {
			return 0, err
		}
	}
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Dir = w.home
	cmd.Env = append([]string{"HOME=" + w.home, "CARGO_HOME=" + w.home, "PATH=" + os.Getenv("PATH")}, environ...)
	cmd.Stdin = strings.NewReader(p.stdin)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", p.args, err, said.Bytes())
	}
	return took, nil
}

// peak returns the most memory that a program used, in MiB. It asks time(1),
// because the system's figure for a child includes what its parent had when the
// child started.
func (w *world) peak(p program, environ []string) (float64, error) {
	const timer = "/usr/bin/time"
	out := filepath.Join(w.home, "peak")
	p.args = append([]string{timer, "-f", "%M", "-o", out}, p.args...)
	if _, err := w.once(p, environ); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return 0, err
	}
	kib, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return float64(kib) / 1024, err
}

// syncs counts how often a program waits for the disk.
func (w *world) syncs(p program) (float64, error) {
	trace := filepath.Join(w.home, "trace")
	p.args = append([]string{"strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace}, p.args...)
	if _, err := w.once(p, nil); err != nil {
		return 0, err
	}
	calls, err := os.ReadFile(trace)
	return float64(bytes.Count(calls, []byte("sync("))), err
}
