//go:build unix

package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// childVariable names the task of a process that a test starts from its own program.
const childVariable = "CARGO_AUTH_TEST_CHILD"

func TestMain(m *testing.M) {
	if task, home, ok := strings.Cut(os.Getenv(childVariable), " "); ok {
		if err := children[task](home); err != nil {
			fmt.Fprintln(os.Stderr, layers(err))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var children = map[string]func(home string) error{
	// umask saves a token while the umask takes all access.
	"umask": func(home string) error {
		syscall.Umask(0o777)
		return changeCredentials(home, setToken("a", "x"))
	},
	// create opens the file while the umask takes all access, and saves nothing.
	"create": func(home string) error {
		syscall.Umask(0o777)
		return changeCredentials(home, func(*credentialsFile) error { return context.Canceled })
	},
	// full saves tokens until the largest file that is allowed is too small.
	"full": func(home string) error {
		limit := syscall.Rlimit{Cur: 4096, Max: 4096}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		for i := range 1000 {
			if err := changeCredentials(home, setToken(fmt.Sprint("r", i), strings.Repeat("t", 100))); err != nil {
				return err
			}
		}
		return nil
	},
	// read reads the configuration as a user who must not write it.
	"read": func(home string) error {
		if os.Geteuid() == 0 {
			if err := syscall.Setuid(1); err != nil {
				return err
			}
		}
		f, err := readConfig(home)
		if err == nil && f.Get(Key{"registries", "a", "index"}) == nil {
			err = errors.New("it is empty")
		}
		return err
	},
	// write sets the token of its own registry again and again.
	"write": func(home string) error {
		name := fmt.Sprint("r", os.Getpid())
		for i := range 10 {
			if err := changeCredentials(home, setToken(name, strings.Repeat("t", 1+i*7%10*20))); err != nil {
				return err
			}
			if err := changeCredentials(home, remove(name)); i%3 == 0 && err != nil {
				return err
			}
		}
		return changeCredentials(home, setToken(name, "last"))
	},
}

// child returns a process of this test that does a task in a home.
func child(t *testing.T, task, home string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childVariable+"="+task+" "+home)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

func stat(t *testing.T, path string) (mode fs.FileMode, inode uint64, links uint64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	system := info.Sys().(*syscall.Stat_t)
	return info.Mode(), uint64(system.Ino), uint64(system.Nlink)
}

func TestOnlyTheOwnerHasAccess(t *testing.T) {
	for name, change := range map[string]func(*credentialsFile) error{
		"login":         setToken("a", "x"),
		"logout":        remove("a"),
		"logout of any": remove("b"),
	} {
		for _, mode := range []fs.FileMode{0o644, 0o666, 0o600, 0o755 | fs.ModeSetgid} {
			home, path := credentialsHome(t, "[registries.a]\ntoken = \"o\"\n")
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if err := changeCredentials(home, change); err != nil {
				t.Fatal(err)
			}
			if got, _, _ := stat(t, path); got != ownerOnly {
				t.Errorf("%s: mode %v has become %v", name, mode, got)
			}
		}
	}
}

func TestTheFileIsNarrowedBeforeATokenIsInIt(t *testing.T) {
	home, path := credentialsHome(t, "# c\n")
	f, err := New(Options{Home: home}).openCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := setToken("a", "x")(f); err != nil {
		t.Fatal(err)
	}
	// The write fails.
	name := f.file.Name()
	readOnly, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	f.file.Close()
	f.file = readOnly
	if err := f.save(); err == nil || !strings.HasPrefix(err.Error(), "failed to write to `"+path+"`: ") {
		t.Errorf("the error is %v", err)
	}
	if mode, _, _ := stat(t, path); mode != ownerOnly {
		t.Errorf("the mode was %v at the write", mode)
	}
	if got := readString(t, path); got != "# c\n" {
		t.Errorf("the file is %q", got)
	}
}

func TestTheUmaskDoesNotMatter(t *testing.T) {
	home := t.TempDir()
	cmd := child(t, "umask", home)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v", err, cmd.Stderr)
	}
	path := filepath.Join(home, "credentials.toml")
	if mode, _, _ := stat(t, path); mode != ownerOnly {
		t.Errorf("the mode is %v", mode)
	}
}

func TestAFileThatIsOnlyCreatedCanBeOpenedAgain(t *testing.T) {
	home := t.TempDir()
	if err := child(t, "create", home).Run(); err == nil {
		t.Fatal("the child has saved")
	}
	if mode, _, _ := stat(t, filepath.Join(home, "credentials.toml")); mode != ownerOnly {
		t.Errorf("the mode is %v", mode)
	}
}

func TestAFileReplacedBeforeTheLockIsNoticed(t *testing.T) {
	home, path := credentialsHome(t, "")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !isStill(f, credentialsKind, home, path) {
		t.Error("the file is not itself")
	}
	if err := os.Rename(path, filepath.Join(home, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if isStill(f, credentialsKind, home, path) {
		t.Error("a file that is gone is still there")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if isStill(f, credentialsKind, home, path) {
		t.Error("another file is the same")
	}
}

func TestTheFileStaysTheSame(t *testing.T) {
	home, path := credentialsHome(t, "[registries.a]\ntoken = \"a token of some length\"\n")
	if err := os.Link(path, filepath.Join(home, "link")); err != nil {
		t.Fatal(err)
	}
	_, want, _ := stat(t, path)
	for _, change := range []func(*credentialsFile) error{setToken("a", "x"), setToken("b", "longer than that"), remove("a")} {
		if err := changeCredentials(home, change); err != nil {
			t.Fatal(err)
		}
		if _, got, links := stat(t, path); got != want || links != 2 {
			t.Errorf("inode %d with 2 links has become %d with %d", want, got, links)
		}
	}
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) != 2 {
		t.Errorf("the directory also has %v, %v", entries, err)
	}
}

func TestNothingIsWrittenWithoutNeed(t *testing.T) {
	home, path := credentialsHome(t, "[registries.a]\ntoken = 'same'")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*credentialsFile) error{setToken("a", "same"), remove("b")} {
		if err := changeCredentials(home, change); err != nil {
			t.Fatal(err)
		}
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("the file has been written")
	}
}

func TestSymbolicLinksAreFollowed(t *testing.T) {
	for _, exists := range []bool{true, false} {
		home, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "file")
		link := filepath.Join(home, "credentials.toml")
		if err := os.Symlink(elsewhere, link); err != nil {
			t.Fatal(err)
		}
		if exists {
			if err := os.WriteFile(elsewhere, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := changeCredentials(home, setToken("", "x")); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); err != nil || got != elsewhere {
			t.Errorf("the link leads to %q, %v", got, err)
		}
		if got, want := readString(t, elsewhere), "[registry]\ntoken = \"x\"\n"; got != want {
			t.Errorf("the file is %q, want %q", got, want)
		}
		if mode, _, _ := stat(t, elsewhere); mode != ownerOnly {
			t.Errorf("the mode is %v", mode)
		}
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	for want, create := range map[string]func(path string) error{
		"failed to open: FILE | not a regular file":                     func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"failed to open: FILE | Invalid argument (os error 22)":         func(path string) error { return os.Symlink(os.DevNull, path) },
		"failed to open: FILE | No such file or directory (os error 2)": func(path string) error { return os.Symlink("missing/file", path) },
		"failed to open: FILE | " + layers(newErrno(syscall.ELOOP)):     func(path string) error { return os.Symlink(path, path) },
		"failed to create directory `HOME` | " + layers(newErrno(syscall.ENOTDIR)): func(path string) error {
			return errors.Join(os.Remove(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		},
	} {
		home := filepath.Join(t.TempDir(), "home")
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(home, "credentials.toml")
		if err := create(path); err != nil {
			t.Fatal(err)
		}
		got := strings.NewReplacer(path, "FILE", home, "HOME").Replace(layers(changeCredentials(home, setToken("", "x"))))
		if got != want {
			t.Errorf("the error is %s, want %s", got, want)
		}
	}
}

func TestReadingAPipeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.toml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readLocked(path); !errors.Is(err, system.NotRegular) {
		t.Errorf("the error is %v", err)
	}
}

// countTokens fails unless the file is whole for a reader without a lock.
func countTokens(content []byte) (int, error) {
	root, err := parseTOML(content, &Definition{})
	if err != nil {
		return 0, err
	}
	registries := root.child("registries")
	if registries == nil {
		return 0, nil
	}
	count := 0
	for _, registry := range registries.members {
		if registry.value.child("token") != nil {
			count++
		}
	}
	return count, nil
}

func TestAFullDiskLeavesTheFile(t *testing.T) {
	home, path := credentialsHome(t, "# c\n")
	cmd := child(t, "full", home)
	err := cmd.Run()
	want := "failed to write to `" + path + "` | File too large (os error 27)\n"
	if got := fmt.Sprint(cmd.Stderr); err == nil || got != want {
		t.Errorf("the error is %q, %v, want %q", got, err, want)
	}
	content := readString(t, path)
	if count, err := countTokens([]byte(content)); err != nil || count < 30 {
		t.Errorf("the file holds %d tokens, %v", count, err)
	}
	if strings.HasSuffix(content, "\n\n") {
		t.Errorf("the file ends with %q", content[len(content)-10:])
	}
}

// Some programs write the file without a lock.
func TestAFileChangedMeanwhileStays(t *testing.T) {
	const before = "[registries.a]\ntoken = \"1\"\n"
	for _, now := range []string{"", "[registries.a]\n", before + "\n[registries.c]\ntoken = \"3\"\n", "[registries.a]\ntoken = \"9\"\n"} {
		home, path := credentialsHome(t, before)
		f, err := New(Options{Home: home}).openCredentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(setToken("b", "2")(f), os.WriteFile(path, []byte(now), 0o600)); err != nil {
			t.Fatal(err)
		}
		err = f.save()
		f.close()
		if !errors.Is(err, errChanged) {
			t.Errorf("over %q: %v, want %v", now, err, errChanged)
		}
		if got := readString(t, path); got != now {
			t.Errorf("the file is %q, want %q", got, now)
		}
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	const writers = 20
	home, path := credentialsHome(t, "# c\n[registries.first]\ntoken = \"first\"\n")
	ctx, cancel := context.WithCancel(t.Context())
	readers := make(chan error)
	for range 2 {
		go func() {
			var err error
			for ctx.Err() == nil && err == nil {
				var content []byte
				if content, err = os.ReadFile(path); err != nil {
					break
				}
				var count int
				if count, err = countTokens(content); err == nil && count == 0 {
					err = fmt.Errorf("a reader has seen no token in %q", content)
				}
			}
			readers <- err
		}()
	}
	var cmds []*exec.Cmd
	for range writers {
		cmd := child(t, "write", home)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a writer has failed: %v: %v", err, cmd.Stderr)
		}
	}
	cancel()
	for range 2 {
		if err := <-readers; err != nil {
			t.Error(err)
		}
	}
	content := readString(t, path)
	if count, err := countTokens([]byte(content)); err != nil || count != writers+1 {
		t.Errorf("the file holds %d tokens, want %d: %v", count, writers+1, err)
	}
	if got := strings.Count(content, `"last"`); got != writers {
		t.Errorf("%d of %d last tokens are there", got, writers)
	}
}

func newErrno(errno syscall.Errno) error { return system.Error(errno) }

// differs: reachable-by-others
func TestAFileThatOthersCouldReadIsWarnedOf(t *testing.T) {
	const token = "[registries.a]\ntoken = \"x\"\n"
	for _, test := range []struct {
		content string
		mode    os.FileMode
		want    string
	}{
		{token, 0o644, "could read"},
		{token, 0o640, "could read"},
		{token, 0o600, ""},
		{token, 0o620, ""},
		{"# c\n", 0o644, ""},
	} {
		home, path := credentialsHome(t, test.content)
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		// With the file open elsewhere, the lease is refused.
		holder, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var warnings []string
		f, err := New(Options{Home: home, Notify: func(n Message) { warnings = append(warnings, n.Text) }}).openCredentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(setToken("b", "y")(f), f.save(), f.save(), holder.Close()); err != nil {
			t.Fatal(err)
		}
		f.close()
		if got := strings.Join(warnings, "\n"); strings.Count(got, test.want) != 1 && test.want != "" || test.want == "" && got != "" {
			t.Errorf("of mode %v with %q the warning is %q", test.mode, test.content, got)
		}
	}
}

// differs: reachable-by-others
func TestAFileThatOthersCanReachIsWarnedOf(t *testing.T) {
	for _, test := range []struct {
		about string
		open  func(home, path string) error
		want  string
	}{
		{"only the owner can", func(string, string) error { return nil }, ""},
		{"the group can write to the directory", func(home, _ string) error { return os.Chmod(home, 0o775) }, ""},
		{"all users can put files there", func(home, _ string) error { return os.Chmod(home, 0o777|os.ModeSticky) }, "can be written to by all (mode 1777)"},
		{"all users can put files above", func(home, _ string) error { return os.Chmod(filepath.Dir(home), 0o777|os.ModeSticky) }, ""},
		{"it is a link through a directory of all users", func(_, path string) error {
			through, dir := t.TempDir(), t.TempDir()
			return errors.Join(os.Rename(path, filepath.Join(dir, "file")), os.Chmod(through, 0o777),
				os.Symlink(filepath.Join(dir, "file"), filepath.Join(through, "link")), os.Symlink(filepath.Join(through, "link"), path))
		}, "can be written to by all (mode 0777)"},
		{"all users can", func(home, _ string) error { return os.Chmod(home, 0o777) }, "can be written to by all (mode 0777)"},
		{"it is a link into a directory of all users", func(_, path string) error {
			dir := t.TempDir()
			if err := os.Rename(path, filepath.Join(dir, "file")); err != nil {
				return err
			}
			if err := os.Chmod(dir, 0o777); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(dir, "file"), path)
		}, "can be written to by all (mode 0777)"},
		{"it is another user's", func(_, path string) error { return os.Chown(path, 1, -1) }, "belongs to another user (uid 1)"},
		{"it has two names", func(home, path string) error { return os.Link(path, filepath.Join(home, "another")) }, "has 2 names (hard links)"},
		{"its directory is another user's", func(home, _ string) error { return os.Chown(home, 1, -1) }, "another user (uid 1) can replace"},
		{"all users can write to a directory above", func(home, _ string) error { return os.Chmod(filepath.Dir(home), 0o777) }, "can be written to by all (mode 0777)"},
		{"a directory above is another user's", func(home, _ string) error {
			return errors.Join(os.Chmod(filepath.Dir(home), 0o700), os.Chown(filepath.Dir(home), 1, -1))
		}, "another user (uid 1) can replace"},
	} {
		home, path := credentialsHome(t, "# c\n")
		if err := test.open(home, path); errors.Is(err, os.ErrPermission) {
			t.Logf("%s: not tried: %v", test.about, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		var warnings []string
		f, err := New(Options{Home: home, Notify: func(n Message) { warnings = append(warnings, n.Text) }}).openCredentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f.close()
		if got := strings.Join(warnings, "\n"); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: the warning is %q, want %q", test.about, got, test.want)
		}
	}
}

// What others have put in the place of a recovery copy is not followed, waited for or
// removed. A change that needs no copy still works.
func TestAPlantedRecoveryCopyDoesNoHarm(t *testing.T) {
	for about, plant := range map[string]func(recovery string) error{
		"a pipe":          func(recovery string) error { return errors.Join(os.Remove(recovery), syscall.Mkfifo(recovery, 0o600)) },
		"a directory":     func(recovery string) error { return errors.Join(os.Remove(recovery), os.Mkdir(recovery, 0o700)) },
		"a dangling link": func(recovery string) error { return errors.Join(os.Remove(recovery), os.Symlink("missing", recovery)) },
		"a link": func(recovery string) error {
			return errors.Join(os.Rename(recovery, recovery+"2"), os.Symlink(recovery+"2", recovery))
		},
		"a link to a pipe": func(recovery string) error {
			return errors.Join(os.Remove(recovery), syscall.Mkfifo(recovery+"2", 0o600), os.Symlink(recovery+"2", recovery))
		},
		"one that others can write to": func(recovery string) error { return os.Chmod(recovery, 0o620) },
		"another user's":               func(recovery string) error { return os.Chown(recovery, 1, -1) },
	} {
		home, path, after := tornConfig(t)
		recovery := copyPaths(path)[0]
		if err := plant(recovery); errors.Is(err, os.ErrPermission) {
			t.Logf("%s: not tried: %v", about, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		planted, err := os.Lstat(recovery)
		if err != nil {
			t.Fatal(err)
		}
		torn := readString(t, path)
		readConfig(home)
		if readString(t, path) != torn {
			t.Errorf("%s: the file has been changed", about)
		}
		change := func(now string) error {
			t.Helper()
			if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := New(Options{Home: home}).Edit(t.Context(), func(f *File) error {
				return f.Set(Key{"registries", "b", "credential-provider"}, "p")
			})
			return err
		}
		if err := change("x = 1\n"); err != nil {
			t.Errorf("%s: a small file: %v", about, err)
		}
		if err := change(string(after)); err == nil || !strings.Contains(err.Error(), "no recovery copy of it can be written to `"+recovery+"`: File exists") {
			t.Errorf("%s: a large file: %v", about, err)
		}
		if readString(t, path) != string(after) {
			t.Errorf("%s: the large file has been changed", about)
		}
		if now, err := os.Lstat(recovery); err != nil || !os.SameFile(now, planted) {
			t.Errorf("%s: it is gone: %v", about, err)
		}
	}
}

// A copy counts if others could not write to it.
func TestARecoveryCopyWithAnotherModeIsUsed(t *testing.T) {
	for about, change := range map[string]func(recovery string) error{
		"others can read it":   func(recovery string) error { return os.Chmod(recovery, 0o644) },
		"it cannot be changed": func(recovery string) error { return os.Chmod(recovery, 0o400) },
		"it has another name":  func(recovery string) error { return os.Link(recovery, recovery+"2") },
	} {
		home, path, after := tornConfig(t)
		if err := change(copyPaths(path)[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(home); err != nil {
			t.Errorf("%s: %v", about, err)
		}
		if readString(t, path) != string(after) || hasCopy(path) {
			t.Errorf("%s: the file is not mended, or the copy stays", about)
		}
	}
}

// A user who may only read a file can read it, with a recovery copy or without.
func TestAReaderWhoMayNotWriteReads(t *testing.T) {
	home, path, after := tornConfig(t)
	if err := errors.Join(os.WriteFile(path, after, 0o600), os.Chmod(path, 0o444), os.Chmod(filepath.Dir(home), 0o755)); err != nil {
		t.Fatal(err)
	}
	if cmd := child(t, "read", home); cmd.Run() != nil {
		t.Error(cmd.Stderr)
	}
	if !hasCopy(path) {
		t.Error("the copy is gone")
	}
	// The owner can mend it, which removes the copy.
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, f, err := openLocked(context.Background(), configKind, home, nil); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	if hasCopy(path) {
		t.Error("the copy is still there")
	}
}
