//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// table prints all rows.
func (b *bench) table() error {
	dir, err := os.MkdirTemp("", "bench-bin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := b.copyPrograms(dir); err != nil {
		return err
	}
	b.head()
	for _, rows := range []func() error{b.commands, b.growth, b.get, b.sizes} {
		if err := rows(); err != nil {
			return err
		}
	}
	b.reasons()
	return nil
}

// copyPrograms has all programs run from copies in a directory. How a program came
// to be in the page cache, from a linker, a copy or the disk, makes up to a fifth
// of the time that it takes to start.
func (b *bench) copyPrograms(dir string) error {
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
			return err
		}
	}
	return nil
}

// pair runs the same work with cargo and with ours, and prints a row.
func (b *bench) pair(runs int, w *world, work, command, stdin string, before func() error, t target) (ours program, err error) {
	programs := []program{{
		args: []string{filepath.Join(b.bin, "cargo-"+command), "--registry", "pub"}, stdin: stdin, before: before,
	}}
	if b.cargo != "" {
		programs = append(programs, program{args: []string{b.cargo, command, "--registry", "pub"}, stdin: stdin, before: before})
	}
	results, err := w.run(runs, nil, programs...)
	if err != nil {
		return program{}, err
	}
	if b.cargo == "" {
		b.unmeasured(work, "no cargo", t)
	} else {
		b.faster(work, results[1], results[0], t)
	}
	return programs[0], nil
}

// Why a target may be missed.
const (
	startUp = "the start of a Go program of this size is two thirds of the time"
	durable = "a write waits for the disk, which Cargo's does not"
)

var peakMemory = atMost(12, " MiB", "")

// commands are logins and logouts in a small home.
func (b *bench) commands() error {
	registry, err := stubregistry.Start(nil)
	if err != nil {
		return err
	}
	defer registry.Close()
	w, err := newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.write("config.toml", fmt.Sprintf("registries.pub.index = %q\n", registry.Index("pub"))); err != nil {
		return err
	}
	stored := func() error { return w.write("credentials.toml", "[registries.pub]\ntoken = \"t\"\n") }
	uncached := func() error { return os.RemoveAll(filepath.Join(w.home, "registry")) }
	unstored := func() error { return w.write("credentials.toml", "") }
	peaks := map[string]float64{}
	for _, c := range []struct {
		work, command, stdin string
		before               func() error
		target               target
	}{
		{"logout, nothing stored", "logout", "", nil, atLeast(4.5, startUp)},
		{"login, index cached", "login", "t\n", unstored, atLeast(4, startUp+"; "+durable)},
		// The last of each command is the one whose memory is measured.
		{"logout that removes", "logout", "", stored, atLeast(4, startUp+"; "+durable)},
		{"login, index from loopback", "login", "t\n", uncached, atLeast(3, startUp+"; "+durable)},
	} {
		ours, err := b.pair(b.runs, w, c.work, c.command, c.stdin, c.before, c.target)
		if err != nil {
			return err
		}
		if peaks[c.command], err = w.peak(ours, nil); err != nil {
			return err
		}
	}
	for _, command := range []string{"logout", "login"} {
		b.alone("peak memory, cargo-"+command, "%.1f MiB", peaks[command], peakMemory)
	}
	return b.syncs(w)
}

// growth is a logout among many registries.
func (b *bench) growth() error {
	for _, registries := range []int{50, 5000, 50_000} {
		w, err := newWorld()
		if err != nil {
			return err
		}
		defer w.close()
		var configured, stored strings.Builder
		for n := range registries {
			fmt.Fprintf(&configured, "[registries.r%d]\nindex = \"sparse+https://registry.example/r%[1]d/\"\n", n)
			fmt.Fprintf(&stored, "[registries.r%d]\ntoken = \"token-%[1]d\"\n", n)
		}
		configured.WriteString("[registries.pub]\nindex = \"sparse+https://registry.example/\"\n")
		stored.WriteString("[registries.pub]\ntoken = \"t\"\n")
		if err := w.write("config.toml", configured.String()); err != nil {
			return err
		}
		target := none
		if registries == 5000 {
			target = atLeast(3, "three documents are parsed, the last to prove the edit")
		}
		runs := b.runs
		if registries > 5000 {
			runs = min(runs, 5)
		}
		before := func() error { return w.write("credentials.toml", stored.String()) }
		if _, err := b.pair(runs, w, fmt.Sprintf("logout among %d registries", registries), "logout", "", before, target); err != nil {
			return err
		}
	}
	return nil
}

// get is the provider's answer for one registry, the whole process.
func (b *bench) get() error {
	const work = "provider get, GNOME Keyring"
	target := atMost(1.5, "×", "")
	if missing := secretservice.Missing(); missing != "" {
		b.unmeasured(work, missing, target)
		return nil
	}
	w, err := newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	session, err := secretservice.Start(w.home)
	if err != nil {
		return err
	}
	defer session.Close()
	if err := session.StartKeyring("the keyring's password"); err != nil {
		return err
	}
	store, err := session.Store()
	if err != nil {
		return err
	}
	const index = "sparse+https://registry.example/"
	if err := store.Set(context.Background(), keyring.Entry{IndexURL: index}, config.NewSecret("t")); err != nil {
		return err
	}
	request := `{"v":1,"registry":{"index-url":"` + index + `"},"kind":"get","operation":"read"}` + "\n"
	provider := program{args: []string{filepath.Join(b.bin, "cargo-credential-keyring"), "--cargo-plugin"}, stdin: request}
	results, err := w.run(b.runs, session.Environ, provider, program{args: []string{"secret-tool", "lookup", "url", index}})
	if err != nil {
		return err
	}
	ours, theirs := results[0].median(), results[1].median()
	ratio := float64(ours) / float64(theirs)
	b.row(work+" (secret-tool)", milliseconds(theirs), milliseconds(ours), fmt.Sprintf("%.2f×", ratio), ratio, target)
	peak, err := w.peak(provider, session.Environ)
	if err != nil {
		return err
	}
	b.alone("peak memory, cargo-credential-keyring", "%.1f MiB", peak, peakMemory)
	return nil
}

// sizes are the programs'.
func (b *bench) sizes() error {
	for _, p := range []struct {
		name   string
		limit  float64
		reason string
	}{
		{"cargo-logout", 4.8, "a D-Bus client for `cargo:libsecret`, 0.75 MB, and the command line, 0.4 MB"},
		{"cargo-login", 8.3, "the same, beside TLS, HTTP and the signatures of `cargo:paseto`"},
		{"cargo-credential-keyring", 5, "the same, beside the command line for people"},
	} {
		info, err := os.Stat(filepath.Join(b.bin, p.name))
		if err != nil {
			return err
		}
		b.alone("size, "+p.name, "%.2f MiB", float64(info.Size())/(1<<20), atMost(p.limit, " MiB", p.reason))
	}
	return nil
}
