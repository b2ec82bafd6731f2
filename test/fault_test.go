//go:build linux

// The credentials file survives any failing system call, and a kill at any of
// them.

package test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// A faultCase is a login or logout whose system calls fail one by one.
type faultCase struct {
	about string
	// login is the token of a login; empty for a logout.
	login string
	// before is the credentials file; empty if it does not exist.
	before string
	// link makes it a symbolic link to a file elsewhere.
	link bool
	// name is the name of the file, if it is not credentials.toml.
	name string
}

const (
	faultOthers = "# mine\n[registries.other]\ntoken = \"other's\" # keep\n\n[registry]\ntoken = \"crates.io's\"\n"
	faultStored = faultOthers + "\n[registries.pub]\ntoken = \"a token that was there before\"\n"
)

// faultPages is larger than a page, and changes in the first one.
var faultPages = faultStored + documentEnd(8<<10)

// documentEnd returns the end of a document, which a login does not change.
func documentEnd(size int) string {
	var end strings.Builder
	for n := 0; end.Len() < size; n++ {
		fmt.Fprintf(&end, "\n[registries.r%d]\ntoken = \"the token of r%d\"\n", n, n)
	}
	return end.String()
}

var faultCases = []faultCase{
	{"login grows the file", strings.Repeat("long", 200), faultStored, false, ""},
	{"login adds to the file", "new", faultOthers, false, ""},
	{"login shrinks the file", "new", faultStored, false, ""},
	{"login creates the file", "new", "", false, ""},
	{"login through a link", "new", faultOthers, true, ""},
	{"login through a dangling link", "new", "", true, ""},
	{"logout shrinks the file", "", faultStored, false, ""},
	{"logout through a link", "", faultStored, true, ""},
	{"login under the old name", "new", faultStored, false, "credentials"},
	{"logout under the old name", "", faultStored, false, "credentials"},
	{"login grows a file of pages", strings.Repeat("long", 200), faultPages, false, ""},
	{"login shrinks a file of pages through a link", "new", faultPages, true, ""},
	{"logout shrinks a file of pages", "", faultPages, false, ""},
}

// Any system call on the credentials file may fail, or be the last one of the
// process. Still the file parses and has all other tokens, and this one is as
// before or as wanted. Only the owner can read the file, no other file is left, and
// success is reported only if it is true. Then the next run succeeds.
//
// differs: whole-at-every-moment
func TestFaultsLoseNothing(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	for _, c := range faultCases {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			w := newFaultWorld(t, c)
			calls := w.calls()
			if calls["pwrite64"] == 0 || calls["fdatasync"] == 0 {
				t.Fatalf("the program makes the system calls %v; are these all?", calls)
			}
			faults := 0
			for _, name := range slices.Sorted(maps.Keys(calls)) {
				for n := range calls[name] {
					for _, fault := range []string{"signal=KILL", "error=ENOSPC", "error=EIO"} {
						w.run(fmt.Sprintf("%s:%s:when=%d", name, fault, n+1))
						faults++
						if t.Failed() {
							return
						}
					}
				}
			}
			t.Logf("%d faults", faults)
		})
	}
}

// If a write may be cut short, a process that is killed during it leaves no half
// token.
//
// differs: whole-at-every-moment
func TestAWriteCutShortLeavesNoHalfOfAToken(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		missing(t, "strace (Debian package strace)")
	}
	needRootToTrace(t)
	before := "[registries.other]\ntoken = \"other's\"\n#" + strings.Repeat("-", 960) + "\n"
	kill := []string{"-e", "inject=pwrite64:signal=KILL:when=2"}

	w := newFaultWorld(t, faultCase{"a limit", strings.Repeat("long", 20), before, false, ""})
	w.program = append([]string{"/bin/sh", "-c", `ulimit -f 2 && exec "$0" "$@"`}, w.program...)
	w.reset()
	out, err := w.strace(os.DevNull, kill...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "File too large (os error 27)") {
		t.Errorf("with a limit of 1024 bytes: %v: %s", err, out)
	}
	if problem := w.check(false); problem != "" {
		t.Errorf("with a limit of 1024 bytes: %s", problem)
	}

	w = newFaultWorld(t, faultCase{"no space can be reserved", strings.Repeat("long", 20), before, false, ""})
	w.reset()
	kill = append(kill, "-e", "inject=fallocate:error=EOPNOTSUPP")
	if out, err := w.strace(os.DevNull, kill...).CombinedOutput(); err == nil {
		t.Errorf("without reserved space, the token was written at once: %s", out)
	}
	if problem := w.check(false); problem != "" {
		t.Errorf("without reserved space: %s", problem)
	}
}

// A faultWorld is a home in which a case runs many times.
type faultWorld struct {
	faultCase
	t       *testing.T
	program []string
	home    string
	// file is the credentials file, or the file that it links to.
	file string
}

func newFaultWorld(t *testing.T, c faultCase) *faultWorld {
	t.Helper()
	registry, err := stubregistry.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	w := &faultWorld{faultCase: c, t: t, home: filepath.Join(t.TempDir(), "home")}
	w.program = []string{ours(t, "cargo-logout"), "--registry", "pub"}
	if c.login != "" {
		w.program[0] = ours(t, "cargo-login")
	}
	if err := os.Mkdir(w.home, 0o755); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("[registries]\npub.index = %q\nother.index = \"sparse+https://other.example/\"\n", registry.Index("pub"))
	if err := os.WriteFile(filepath.Join(w.home, "config.toml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	w.file = w.credentials()
	if c.link {
		w.file = filepath.Join(t.TempDir(), "elsewhere.toml")
	}
	// The first login fills the index's cache.
	w.reset()
	if out, err := w.command().CombinedOutput(); err != nil {
		t.Fatalf("without a fault: %v: %s", err, out)
	}
	return w
}

func (w *faultWorld) credentials() string {
	return filepath.Join(w.home, cmp.Or(w.name, "credentials.toml"))
}

// copy returns the path of the recovery copy.
func (w *faultWorld) copy() string {
	return filepath.Join(filepath.Dir(w.file), "."+filepath.Base(w.file)+".recovery")
}

// reset restores the file, and removes a recovery copy.
func (w *faultWorld) reset() {
	w.t.Helper()
	for _, path := range []string{w.credentials(), w.file, w.copy()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.t.Fatal(err)
		}
	}
	if w.before != "" {
		if err := os.WriteFile(w.file, []byte(w.before), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.link {
		if err := os.Symlink(w.file, w.credentials()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *faultWorld) command(prefix ...string) *exec.Cmd {
	command := append(prefix, w.program...)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = w.home
	cmd.Env = []string{"HOME=" + w.home, "CARGO_HOME=" + w.home}
	cmd.Stdin = strings.NewReader(w.login + "\n")
	return cmd
}

// strace returns the command under strace, which traces the system calls on the
// file.
func (w *faultWorld) strace(log string, options ...string) *exec.Cmd {
	prefix := append([]string{"strace", "-f", "-qq", "-o", log, "-P", w.credentials(), "-P", w.file, "-P", w.copy()}, options...)
	return w.command(prefix...)
}

var systemCall = regexp.MustCompile(`(?m)^\d+ +(\w+)\(`)

// calls counts the system calls on the file.
func (w *faultWorld) calls() map[string]int {
	w.t.Helper()
	w.reset()
	log := filepath.Join(w.t.TempDir(), "strace")
	if out, err := w.strace(log).CombinedOutput(); err != nil {
		w.t.Fatalf("strace: %v: %s", err, out)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		w.t.Fatal(err)
	}
	calls := map[string]int{}
	for _, match := range systemCall.FindAllStringSubmatch(string(trace), -1) {
		calls[match[1]]++
	}
	return calls
}

// run runs the case with one fault, and checks the result.
func (w *faultWorld) run(fault string) {
	w.t.Helper()
	w.reset()
	out, err := w.strace(os.DevNull, "-e", "inject="+fault).CombinedOutput()
	// The next run removes it.
	kept, _ := os.ReadFile(w.copy())
	if info, err := os.Stat(w.copy()); err == nil && info.Mode().Perm() != 0o600 {
		w.t.Errorf("%s: the mode of the recovery copy is %v", fault, info.Mode())
	}
	os.Remove(w.copy())
	if problem := w.check(err == nil); problem != "" {
		w.t.Errorf("%s: %s\n%s", fault, problem, out)
		return
	}
	if len(kept) > 0 {
		if err := os.WriteFile(w.copy(), kept, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	if out, err := w.command().CombinedOutput(); err != nil {
		w.t.Errorf("%s: the next run: %v: %s", fault, err, out)
	}
	if problem := w.check(true); problem != "" {
		w.t.Errorf("%s: the next run: %s", fault, problem)
	}
}

// check returns what is wrong with the file. If the program succeeded, the file must
// be as wanted.
func (w *faultWorld) check(succeeded bool) string {
	want := tokensOf(w.t, w.before)
	old, had := want["pub"]
	if w.login != "" {
		want["pub"] = w.login
	} else {
		delete(want, "pub")
	}
	content, err := os.ReadFile(w.file)
	switch {
	case errors.Is(err, os.ErrNotExist) && w.before == "" && !succeeded:
		return ""
	case err != nil:
		return err.Error()
	}
	var document map[string]any
	if err := toml.Unmarshal(content, &document); err != nil {
		return fmt.Sprintf("it does not parse: %v", err)
	}
	got := tokensOf(w.t, string(content))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		if had {
			want["pub"] = old
		} else {
			delete(want, "pub")
		}
		switch {
		case fmt.Sprint(got) != fmt.Sprint(want):
			return fmt.Sprintf("it holds %v", got)
		case succeeded:
			return "it reports success, but the token is as before"
		}
	}
	info, err := os.Stat(w.file)
	if err != nil {
		return err.Error()
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Sprintf("its mode is %v", info.Mode())
	}
	if _, err := os.Readlink(w.credentials()); (err == nil) != w.link {
		return fmt.Sprintf("it is a link: %v", err == nil)
	}
	for _, dir := range []string{w.home, filepath.Dir(w.file)} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err.Error()
		}
		for _, entry := range entries {
			if !slices.Contains([]string{"config.toml", filepath.Base(w.credentials()), "registry", ".package-cache", "elsewhere.toml"}, entry.Name()) {
				return "a file is left: " + entry.Name()
			}
		}
	}
	return ""
}

// tokensOf returns the tokens in a credentials file.
func tokensOf(t *testing.T, content string) map[string]string {
	t.Helper()
	var document struct {
		Registry struct{ Token string }
		// Any of these may have no token.
		Registries map[string]struct{ Token *string }
	}
	if err := toml.Unmarshal([]byte(content), &document); err != nil {
		t.Errorf("%q: %v", content, err)
	}
	tokens := map[string]string{}
	if document.Registry.Token != "" {
		tokens["crates-io"] = document.Registry.Token
	}
	for name, registry := range document.Registries {
		if registry.Token != nil {
			tokens[name] = *registry.Token
		}
	}
	return tokens
}
