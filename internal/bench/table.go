//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/secretservice"
	"github.com/cargo-auth/cargo-auth/internal/stubregistry"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// table prints all rows.
func (b *bench) table() error {
	fmt.Printf("| %-34s | %10s | %10s | %7s | %-15s |\n", "work", "theirs", "ours", "ratio", "target")
	fmt.Println("|" + strings.Repeat("-", 36) + "|" + strings.Repeat("-", 12) + "|" + strings.Repeat("-", 12) + "|" + strings.Repeat("-", 9) + "|" + strings.Repeat("-", 17) + "|")
	for _, rows := range []func() error{b.commands, b.growth, b.get, b.sizes} {
		if err := rows(); err != nil {
			return err
		}
	}
	return nil
}

func row(work string, theirs, ours, ratio, target string) {
	fmt.Printf("| %-34s | %10s | %10s | %7s | %-15s |\n", work, theirs, ours, ratio, target)
}

// faster prints how many times faster ours is.
func faster(work string, theirs, ours times, target string) {
	t, o := theirs.median(), ours.median()
	row(work, milliseconds(t), milliseconds(o), fmt.Sprintf("%.1f×", float64(t)/float64(o)), target)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// pair runs the same work with cargo and with ours, and prints a row.
func (b *bench) pair(w *world, work, command, stdin string, before func() error, target string) (ours program, err error) {
	programs := []program{{
		args: []string{filepath.Join(b.bin, "cargo-"+command), "--registry", "pub"}, stdin: stdin, before: before,
	}}
	if b.cargo != "" {
		programs = append(programs, program{args: []string{b.cargo, command, "--registry", "pub"}, stdin: stdin, before: before})
	}
	results, err := b.run(w, nil, programs...)
	if err != nil {
		return program{}, err
	}
	if b.cargo == "" {
		row(work, "no cargo", milliseconds(results[0].median()), "", target)
	} else {
		faster(work, results[1], results[0], target)
	}
	return programs[0], nil
}

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
	peaks := map[string]string{}
	for _, c := range []struct {
		work, command, stdin string
		before               func() error
		target               string
	}{
		{"logout, nothing stored", "logout", "", nil, "4×"},
		{"login, index cached", "login", "t\n", nil, "4×"},
		// The last of each command is the one whose memory is measured.
		{"logout that removes", "logout", "", stored, "4×"},
		{"login, index from loopback", "login", "t\n", uncached, "3×"},
	} {
		ours, err := b.pair(w, c.work, c.command, c.stdin, c.before, c.target)
		if err != nil {
			return err
		}
		peaks[c.command] = w.peak(ours, nil)
	}
	for _, command := range []string{"logout", "login"} {
		row("peak memory, cargo-"+command, "", peaks[command], "", "12 MiB at most")
	}
	return nil
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
		target := ""
		if registries == 5000 {
			target = "5×"
		}
		few := *b
		if registries > 5000 {
			few.runs = min(b.runs, 5)
		}
		before := func() error { return w.write("credentials.toml", stored.String()) }
		if _, err := few.pair(w, fmt.Sprintf("logout among %d registries", registries), "logout", "", before, target); err != nil {
			return err
		}
	}
	return nil
}

// get is the provider's answer for one registry, the whole process.
func (b *bench) get() error {
	const work, target = "provider get, GNOME Keyring", "1.5× at most"
	if missing := secretservice.Missing(); missing != "" {
		row(work, missing, "", "", target)
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
	results, err := b.run(w, session.Environ, provider, program{args: []string{"secret-tool", "lookup", "url", index}})
	if err != nil {
		return err
	}
	ours, theirs := results[0].median(), results[1].median()
	row(work+" (secret-tool)", milliseconds(theirs), milliseconds(ours), fmt.Sprintf("%.2f×", float64(ours)/float64(theirs)), target)
	row("peak memory, provider", "", w.peak(provider, session.Environ), "", "12 MiB at most")
	return nil
}

// sizes are the programs'.
func (b *bench) sizes() error {
	for _, p := range []struct{ name, target string }{
		{"cargo-logout", "4 MiB at most"}, {"cargo-login", "8 MiB at most"}, {"cargo-credential-keyring", "5 MiB at most"},
	} {
		info, err := os.Stat(filepath.Join(b.bin, p.name))
		if err != nil {
			return err
		}
		row("size, "+p.name, "", fmt.Sprintf("%.2f MiB", float64(info.Size())/(1<<20)), "", p.target)
	}
	return nil
}
