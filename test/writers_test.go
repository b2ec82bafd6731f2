//go:build linux

// Many programs write and read the credentials file at once, and lose nothing.

package test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/parity"
	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// Eighty logins run at once, half of them cargo's if it is installed, while
// logouts keep reading. No token is lost, and none of our logins fails. Cargo reads
// the file without a lock, so a login of cargo's may see half a write and give up.
func TestManyWritersBesideCargoLoseNothing(t *testing.T) {
	const writers = 80
	registry, err := stubregistry.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	home := t.TempDir()
	var config strings.Builder
	for n := range writers {
		fmt.Fprintf(&config, "[registries.r%d]\nindex = %q\n", n, registry.Index(fmt.Sprint("r", n)))
	}
	config.WriteString("[registries.unused]\nindex = \"sparse+https://unused.example/\"\n")
	const before = "# mine\n[registries.first]\ntoken = \"first\"\n"
	for name, content := range map[string]string{"config.toml": config.String(), "credentials.toml": before} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(program string, args ...string) (string, error) {
		cmd := command(t, program, args...)
		cmd.Dir = home
		cmd.Env = []string{"HOME=" + home, "CARGO_HOME=" + home}
		cmd.Stdin = strings.NewReader("token-of-" + args[len(args)-1] + "\n")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	login, logout := ours(t, "cargo-login"), ours(t, "cargo-logout")
	cargo, _ := parity.FindCargo()

	done := make(chan struct{})
	var readers, logins sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				// It reads the whole file and has nothing to change.
				out, err := run(logout, "--registry", "unused")
				if err != nil && cargo == "" {
					t.Errorf("a reader: %v: %s", err, out)
				}
			}
		})
	}
	var gaveUp sync.Map
	for n := range writers {
		logins.Go(func() {
			name := fmt.Sprint("r", n)
			program, args := login, []string{"--registry", name}
			if cargo != "" && n%2 == 0 {
				program, args = cargo, append([]string{"login"}, args...)
			}
			out, err := run(program, args...)
			switch {
			case err != nil && program == cargo && strings.Contains(out, "could not parse TOML configuration"):
				gaveUp.Store(name, true)
			case err != nil:
				t.Errorf("%s: %v: %s", program, err, out)
			}
		})
	}
	logins.Wait()
	close(done)
	readers.Wait()

	content, err := os.ReadFile(filepath.Join(home, "credentials.toml"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokensOf(t, string(content))
	if tokens["first"] != "first" {
		t.Errorf("the first token is %q", tokens["first"])
	}
	for n := range writers {
		name := fmt.Sprint("r", n)
		if _, ok := gaveUp.Load(name); !ok && tokens[name] != "token-of-"+name {
			t.Errorf("the token of %s is %q", name, tokens[name])
		}
	}
}

// Our readers see only whole files while others write, even if the file has many
// pages and another program has it open, so that no lease keeps readers away.
func TestReadersBesideWritersWithoutALease(t *testing.T) {
	w := newFaultWorld(t, faultCase{"many pages", strings.Repeat("new", 50), faultStored + documentEnd(64<<10), false, ""})
	w.reset()
	holder, err := os.Open(w.file)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	run := func(n int, program string, args ...string) {
		cmd := command(t, ours(t, program), args...)
		cmd.Dir, cmd.Env, cmd.Stdin = w.home, w.command().Env, strings.NewReader(fmt.Sprint("new", strings.Repeat("er", n), "\n"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s %s: %v: %s", program, args, err, out)
		}
	}
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() { run(n, "cargo-login", "--registry", "pub") })
		all.Go(func() {
			run(n, "cargo-logout", "--config", "registries.nothing.index='sparse+https://nothing.example/'", "--registry", "nothing")
		})
	}
	all.Wait()
	content, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokensOf(t, string(content))
	for name, want := range tokensOf(t, w.before) {
		if name == "pub" {
			want = "new"
		}
		if !strings.HasPrefix(tokens[name], want) {
			t.Errorf("the token of %s is %q, want %q", name, tokens[name], want)
		}
	}
	if _, err := os.Stat(w.copy()); err == nil {
		t.Error("a recovery copy is left")
	}
}

// In each round, one of several writers is killed as soon as a recovery copy
// exists. No saved token is lost, and no half token appears. The next run finishes
// the change and removes the copy.
//
// differs: whole-at-every-moment
func TestWritersThatAreKilledLoseNothing(t *testing.T) {
	registry, err := stubregistry.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	home := t.TempDir()
	file, recovery := filepath.Join(home, "credentials.toml"), filepath.Join(home, ".credentials.toml.recovery")
	const writers = 4
	config := "[registries.unused]\nindex = \"sparse+https://unused.example/\"\n"
	for n := range writers {
		config += fmt.Sprintf("[registries.w%d]\nindex = %q\n", n, registry.Index(fmt.Sprint("w", n)))
	}
	before := documentEnd(24 << 10)
	for path, content := range map[string]string{filepath.Join(home, "config.toml"): config, file: before} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(stdin, program string, args ...string) *exec.Cmd {
		cmd := command(t, ours(t, program), args...)
		cmd.Dir, cmd.Env, cmd.Stdin = home, []string{"HOME=" + home, "CARGO_HOME=" + home}, strings.NewReader(stdin)
		return cmd
	}
	want, killed := tokensOf(t, before), 0
	for round := range 40 {
		cmds, tokens := make([]*exec.Cmd, writers), make([]string, writers)
		for n := range cmds {
			// Longer and shorter in turn, by more than a page.
			tokens[n] = fmt.Sprint(round, "-", strings.Repeat("t", (round+n)%3*3000), "-", n)
			cmds[n] = run(tokens[n]+"\n", "cargo-login", "--registry", fmt.Sprint("w", n))
			cmds[n].Stderr = new(bytes.Buffer)
			if err := cmds[n].Start(); err != nil {
				t.Fatal(err)
			}
		}
		var ended sync.WaitGroup
		errs := make([]error, writers)
		for n, cmd := range cmds {
			ended.Go(func() { errs[n] = cmd.Wait() })
		}
		done := make(chan struct{})
		go func() { ended.Wait(); close(done) }()
	watch:
		for {
			select {
			case <-done:
				break watch
			default:
			}
			if _, err := os.Lstat(recovery); err == nil {
				cmds[round%writers].Process.Kill()
				break
			}
		}
		<-done
		if out, err := run("", "cargo-logout", "--registry", "unused").CombinedOutput(); err != nil {
			t.Fatalf("the next run: %v: %s", err, out)
		}
		if _, err := os.Lstat(recovery); err == nil {
			t.Errorf("round %d: the recovery copy is left", round)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := tokensOf(t, string(content))
		for n := range cmds {
			name := fmt.Sprint("w", n)
			switch {
			case errs[n] == nil:
				want[name] = tokens[n]
			case !cmds[n].ProcessState.Exited():
				killed++
				if got[name] == tokens[n] {
					want[name] = tokens[n]
				}
			default:
				t.Errorf("round %d: %v: %s", round, errs[n], cmds[n].Stderr)
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("round %d: the file holds %d tokens, want %d; the writers': %.40q", round, len(got), len(want), []string{got["w0"], got["w1"], got["w2"], got["w3"]})
		}
	}
	t.Logf("%d were killed", killed)
}
