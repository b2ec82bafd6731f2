//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// bench holds what all rows share.
type bench struct {
	bin, cargo string
	runs       int
	// missed lists the rows that missed their target, with the reason.
	missed []string
}

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

// copyPrograms copies all programs to a directory and has them run from there.
// How a program got into the page cache, from a linker, a copy or the disk,
// accounts for up to a fifth of its start-up time.
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

// pair runs the same task with cargo and with our program, and prints a row.
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

// Reasons for a missed target.
const (
	startUp = "starting a Go program of this size takes two thirds of the time"
	durable = "our writes wait for the disk, Cargo's do not"
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
		// Memory is measured with the last row of each command.
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

// syncs are the waits for the disk in each kind of write.
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
			"the new length must be on the disk before the new content, or a crash of the machine could leave half a token",
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

// get is the provider's answer for one registry, including its start.
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
	if err := store.Set(context.Background(), index, "", config.NewSecret("t")); err != nil {
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

// sizes are the sizes of the programs.
func (b *bench) sizes() error {
	for _, p := range []struct {
		name   string
		limit  float64
		reason string
	}{
		{"cargo-logout", 4.8, "a D-Bus client for `cargo:libsecret`, 0.75 MB, and the command line, 0.4 MB"},
		{"cargo-login", 8.3, "the same, and TLS, HTTP and the signatures of `cargo:paseto`"},
		{"cargo-credential-keyring", 5, "the same, and the commands for people"},
	} {
		info, err := os.Stat(filepath.Join(b.bin, p.name))
		if err != nil {
			return err
		}
		b.alone("size, "+p.name, "%.2f MiB", float64(info.Size())/(1<<20), atMost(p.limit, " MiB", p.reason))
	}
	return nil
}

// target is what a row's figure is compared with.
type target struct {
	limit  float64
	unit   string
	atMost bool
	// why says what the reason is if it is missed.
	why string
}

func atLeast(times float64, why string) target { return target{limit: times, unit: "×", why: why} }

func atMost(limit float64, unit, why string) target {
	return target{limit: limit, unit: unit, atMost: true, why: why}
}

// none is for a row without a target.
var none target

func (t target) String() string {
	text := fmt.Sprintf("%g%s", t.limit, t.unit)
	switch {
	case t == none:
		return ""
	case t.atMost:
		return text + " at most"
	}
	return text + " at least"
}

func (t target) met(figure float64) bool {
	if t.atMost {
		return figure <= t.limit
	}
	return figure >= t.limit
}

const layout = "| %-38s | %10s | %10s | %8s | %-16s | %-6s |\n"

func (b *bench) head() {
	line := fmt.Sprintf(layout, "work", "theirs", "ours", "ratio", "target", "")
	fmt.Print(line)
	fmt.Println(strings.Map(func(r rune) rune {
		if r == '|' || r == '\n' {
			return r
		}
		return '-'
	}, strings.TrimSuffix(line, "\n")))
}

// row prints a row and compares figure with the target.
func (b *bench) row(work, theirs, ours, ratio string, figure float64, t target) {
	verdict := ""
	switch {
	case t == none:
	case t.met(figure):
		verdict = "met"
	default:
		verdict = "missed"
		b.missed = append(b.missed, work+": "+t.why)
	}
	fmt.Printf(layout, work, theirs, ours, ratio, t, verdict)
}

// unmeasured prints a row that cannot be measured on this machine.
func (b *bench) unmeasured(work, why string, t target) {
	fmt.Printf(layout, work, why, "", "", t, "")
}

// faster prints how many times faster ours is.
func (b *bench) faster(work string, theirs, ours times, t target) {
	ratio := float64(theirs.median()) / float64(ours.median())
	b.row(work, milliseconds(theirs.median()), milliseconds(ours.median()), fmt.Sprintf("%.1f×", ratio), ratio, t)
}

// alone prints a figure that is compared with nothing.
func (b *bench) alone(work, format string, figure float64, t target) {
	b.row(work, "", fmt.Sprintf(format, figure), "", figure, t)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// reasons prints why targets were missed.
func (b *bench) reasons() {
	if len(b.missed) == 0 {
		fmt.Println("\nEvery target is met.")
		return
	}
	fmt.Println("\nMissed, and why (docs/performance.md has more):")
	for _, line := range b.missed {
		fmt.Println("- " + line)
	}
}
