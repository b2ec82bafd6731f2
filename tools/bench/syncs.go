//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
)

// syncs counts how often a write waits for the disk.
func (b *bench) syncs(w *world) error {
	if _, err := exec.LookPath("strace"); err != nil {
		b.unmeasured("syncs of a write", "no strace", none)
		return nil
	}
	const short, long = "[registries.pub]\ntoken = \"t\"\n", "[registries.pub]\ntoken = \"longer\"\n"
	for _, c := range []struct{ work, command, stored, token, why string }{
		{"syncs of a logout that removes", "logout", short, "", ""},
		{"syncs of a login, new", "login", "", "t\n", ""},
		{"syncs of a login, shorter token", "login", long, "t\n", ""},
		{
			"syncs of a login, longer token", "login", short, "longer\n",
			"the new length must be on the disk before the new content, or a lost machine comes back with half a token",
		},
	} {
		count, err := w.syncs(program{
			args: []string{filepath.Join(b.bin, "cargo-"+c.command), "--registry", "pub"}, stdin: c.token,
			before: func() error { return w.write("credentials.toml", c.stored) },
		})
		if err != nil {
			return err
		}
		b.alone(c.work, "%.0f", count, atMost(1, "", c.why))
	}
	return nil
}

func (w *world) syncs(p program) (float64, error) {
	trace := filepath.Join(w.home, "trace")
	p.args = append([]string{"strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace}, p.args...)
	if _, err := w.once(p, nil); err != nil {
		return 0, err
	}
	calls, err := os.ReadFile(trace)
	return float64(bytes.Count(calls, []byte("sync("))), err
}
