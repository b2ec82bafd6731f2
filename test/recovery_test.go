//go:build linux

// A change that a kill or a power loss cut short is finished, and nothing that
// others wrote is undone.

package test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/parity"
)

// tornCases are changes of documents of many sizes. Each changes the start of the
// document, so that everything after it moves.
func tornCases() (cases []faultCase) {
	for _, size := range []int{1 << 10, 3 << 10, 5 << 10, 9 << 10, 20 << 10, 64 << 10} {
		for about, tokens := range map[string][2]string{
			"grows": {"old", strings.Repeat("new", 50)}, "shrinks": {strings.Repeat("old", 50), "new"}, "keeps its length": {"old", "new"},
			"grows by pages": {"old", strings.Repeat("new", 3000)}, "shrinks by pages": {strings.Repeat("old", 3000), "new"},
			"is a logout's": {strings.Repeat("old", 50), ""},
		} {
			before := "registries.pub.token = \"" + tokens[0] + "\"\n" + documentEnd(size)
			cases = append(cases, faultCase{fmt.Sprintf("%d KiB %s", size>>10, about), tokens[1], before, size == 5<<10, ""})
		}
	}
	return cases
}

// If a login is killed during its write, or the machine crashes between two
// write-backs, old and new pages and pages of zeros are left. The next run finishes
// the change and loses no token.
//
// differs: whole-at-every-moment
func TestAMixtureOfPagesIsFinished(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	for _, c := range tornCases() {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			w := newFaultWorld(t, c)
			before := []byte(w.before)
			after, err := os.ReadFile(w.file)
			if err != nil {
				t.Fatal(err)
			}
			size := max(len(before), len(after))
			padded := append(bytes.Clone(after), bytes.Repeat([]byte("\n"), size-len(after))...)
			random := rand.New(rand.NewPCG(1, 2))
			for range 6 {
				w.killAtItsWrite()
				if size <= 4096 {
					break
				}
				// A file that grows may end where it did, or after any page.
				length := min((1+random.IntN(size/4096+1))*4096, size)
				torn := make([]byte, max(length, len(before)))
				for at := 0; at < len(torn); at += 4096 {
					page := torn[at:min(at+4096, len(torn))]
					switch random.IntN(5) {
					case 0, 1:
						copy(page, before[min(at, len(before)):])
					case 2, 3:
						copy(page, padded[at:])
					}
				}
				w.write(torn)
				w.finishes(after)
				// A run that only reads finishes it too.
				w.killAtItsWrite()
				w.write(torn)
				reader := w.command()
				reader.Args = []string{ours(t, "cargo-logout"), "--registry", "other"}
				reader.Path = reader.Args[0]
				if out, err := reader.CombinedOutput(); err != nil {
					t.Errorf("a reader: %v: %s", err, out)
				}
				w.finishes(after)
			}
			w.finishes(after)
		})
	}
}

// killAtItsWrite kills a run after it has made the recovery copy, before it changes
// the file.
func (w *faultWorld) killAtItsWrite() {
	w.t.Helper()
	w.reset()
	if out, err := w.strace(os.DevNull, "-e", "inject=pwrite64:signal=KILL:when=1").CombinedOutput(); err == nil {
		w.t.Fatalf("it was not killed: %s", out)
	}
	if _, err := os.Stat(w.copy()); (err == nil) != (len(w.before) > 4096 || len(w.login) > 4096) {
		w.t.Fatalf("the recovery copy: %v", err)
	}
}

func (w *faultWorld) write(content []byte) {
	w.t.Helper()
	if err := os.WriteFile(w.file, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// finishes runs the case once more and checks the file.
func (w *faultWorld) finishes(want []byte) {
	w.t.Helper()
	if out, err := w.command().CombinedOutput(); err != nil {
		w.t.Errorf("the next run: %v: %s", err, out)
	}
	if problem := w.check(true); problem != "" {
		w.t.Error("the next run: " + problem)
	}
	got, err := os.ReadFile(w.file)
	if len(w.before) <= 4096 {
		// Without a copy, line ends are left that keep a token from being cut.
		got = append(bytes.TrimRight(got, "\n"), want[len(bytes.TrimRight(want, "\n")):]...)
	}
	if !bytes.Equal(got, want) {
		w.t.Errorf("the file has %d bytes, %v, want %d", len(got), err, len(want))
	}
}

// What another program writes after the kill stays, even if it looks like a part of
// the new document, for example without the last registry.
//
// differs: whole-at-every-moment
func TestAWriteAfterTheKillStays(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	for _, token := range []string{"new", strings.Repeat("long", 200)} {
		w := newFaultWorld(t, faultCase{"", token, faultPages, false, ""})
		finished, err := os.ReadFile(w.file)
		if err != nil {
			t.Fatal(err)
		}
		writes := map[string]string{"nothing": "", "another": strings.Replace(faultPages, "the token of r3\"", "a newer one r3\"", 1)}
		for about, content := range map[string]string{"old": faultPages, "new": string(finished)} {
			last := strings.LastIndex(content, "\n[registries.r")
			writes[about+", and one more"] = content + "\n[registries.late]\ntoken = \"late\"\n"
			writes[about+", but the last"] = content[:last]
			writes[about+", but its token"] = content[:strings.LastIndex(content, "token =")]
			writes[about+", but a line end"] = content[:len(content)-1]
			if cargo, _ := parity.FindCargo(); cargo != "" {
				name, _, _ := strings.Cut(content[last+len("\n[registries."):], "]")
				w.write([]byte(content))
				w.logout(cargo, "logout", name)
				by, err := os.ReadFile(w.file)
				if err != nil {
					t.Fatal(err)
				}
				writes[about+", without the last as Cargo does it"] = string(by)
			}
		}
		for about, foreign := range writes {
			w.before = faultPages
			w.killAtItsWrite()
			w.write([]byte(foreign))
			w.logout(ours(t, "cargo-logout"), "nothing")
			if got, err := os.ReadFile(w.file); string(got) != foreign {
				t.Errorf("%s: %d bytes were written and %d are left, %v", about, len(foreign), len(got), err)
			}
			w.before = foreign
			if out, err := w.command().CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", about, err, out)
			}
			if problem := w.check(true); problem != "" {
				t.Errorf("%s: %s", about, problem)
			}
		}
	}
}

// Without a lease, another program may write the file while the recovery copy is
// made. What it writes stays.
//
// differs: whole-at-every-moment
func TestAWriteBesideTheCopyStays(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	w := newFaultWorld(t, faultCase{"", "new", faultPages, false, ""})
	w.reset()
	holder, err := os.Open(w.file)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	// The second fdatasync is the copy's.
	cmd := w.strace(os.DevNull, "-e", "inject=fdatasync:delay_exit=500000:when=2")
	cmd.Stderr = new(bytes.Buffer)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if _, err := os.Lstat(w.copy()); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("no copy was made: %v: %s", err, cmd.Stderr)
		default:
		}
	}
	w.before = faultPages + "\n[registries.late]\ntoken = \"late\"\n"
	w.write([]byte(w.before))
	if err := <-ended; err != nil {
		t.Errorf("%v: %s", err, cmd.Stderr)
	}
	if problem := w.check(true); problem != "" {
		t.Error(problem)
	}
}

// logout runs a program to log out of a registry with the given name and its own
// index.
func (w *faultWorld) logout(program string, args ...string) {
	w.t.Helper()
	name := args[len(args)-1]
	args = append(args[:len(args)-1], "--config", "registries."+name+".index='sparse+https://"+name+".example/'", "--registry", name)
	cmd := command(w.t, program, args...)
	cmd.Dir, cmd.Env = w.home, w.command().Env
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("%s: %v: %s", program, err, out)
	}
}

// A login is killed at the moment when the first byte of the file changes. The next
// one finds all tokens.
//
// differs: whole-at-every-moment
func TestAKillInsideTheWriteLosesNothing(t *testing.T) {
	huge := "registries.pub.token = \"old\"\n" + documentEnd(512<<10)
	for _, c := range append(tornCases(), faultCase{"512 KiB", "newer", huge, false, ""}) {
		t.Run(c.about, func(t *testing.T) {
			w := newFaultWorld(t, c)
			after, err := os.ReadFile(w.file)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for at < min(len(after), len(w.before)) && after[at] == w.before[at] {
				at++
			}
			torn := 0
			for range 2 {
				w.reset()
				w.killWhenChanged(at)
				if got, _ := os.ReadFile(w.file); !bytes.HasPrefix(got, after) && !bytes.HasPrefix(got, []byte(w.before)) {
					torn++
				}
				w.finishes(after)
			}
			t.Logf("torn: %d", torn)
		})
	}
}

func (w *faultWorld) killWhenChanged(at int) {
	w.t.Helper()
	f, err := os.Open(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	page, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	f.Close()
	if err != nil {
		w.t.Fatal(err)
	}
	defer syscall.Munmap(page)
	cmd := w.command()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	for old := page[at]; page[at] == old; {
		select {
		case <-ended:
			return
		default:
		}
	}
	syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	<-ended
}

// If the recovery copy cannot be made next to the file that a link points to, it is
// made next to the link.
func TestARecoveryCopyBesideTheLink(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	w := newFaultWorld(t, faultCase{"login", "new", faultPages, true, ""})
	w.reset()
	// A directory is in the copy's place.
	if err := os.Mkdir(w.copy(), 0o700); err != nil {
		t.Fatal(err)
	}
	w.strace(os.DevNull, "-e", "inject=pwrite64:signal=KILL:when=1").Run()
	if _, err := os.Stat(filepath.Join(w.home, ".credentials.toml.recovery")); err != nil {
		t.Fatal(err)
	}
	torn := []byte(w.before)
	clear(torn[4096:8192])
	w.write(torn)
	if out, err := w.command().CombinedOutput(); err != nil {
		t.Errorf("the next run: %v: %s", err, out)
	}
	os.Remove(w.copy())
	if problem := w.check(true); problem != "" {
		t.Error(problem)
	}
}
