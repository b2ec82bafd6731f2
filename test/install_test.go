//go:build unix

package test

import (
	"bytes"
	"debug/buildinfo"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// TestInstall installs from a fresh clone, and removes all of it again.
func TestInstall(t *testing.T) {
	clone := freshClone(t)
	dest := t.TempDir()
	const prefix = "/opt/a b"
	runIn(t, clone, "make", "install", "DESTDIR="+dest, "PREFIX="+prefix)

	licences, err := os.ReadFile(filepath.Join(dest, prefix, "share/doc/cargo-auth/THIRD-PARTY-LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"cargo-login", "cargo-logout", "cargo-credential-keyring"} {
		info, err := buildinfo.ReadFile(filepath.Join(dest, prefix, "bin", program))
		if err != nil {
			t.Fatal(err)
		}
		linked := []string{"Go's standard library " + info.GoVersion}
		for _, m := range info.Deps {
			if !strings.HasPrefix(m.Path, "github.com/cargo-auth/") {
				linked = append(linked, m.Path+" "+m.Version)
			}
		}
		for _, name := range linked {
			if !bytes.Contains(licences, []byte("\n"+name+"\n===")) {
				t.Errorf("%s is linked from %s, whose licence is not installed", program, name)
			}
		}
	}

	runIn(t, clone, "make", "uninstall", "DESTDIR="+dest, "PREFIX="+prefix)
	if left := filesIn(t, dest); len(left) != 0 {
		t.Errorf("left after make uninstall: %q", left)
	}
}

// TestGoInstall installs the programs as the README does, from the zip of this
// tree that a module proxy would serve.
func TestGoInstall(t *testing.T) {
	clone := freshClone(t)
	goModCache := strings.TrimSpace(runIn(t, clone, "go", "env", "GOMODCACHE"))
	const version = "v1.2.3"
	proxy := t.TempDir()
	served := filepath.Join(proxy, module, "@v")
	if err := os.MkdirAll(served, 0o755); err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if err := zip.CreateFromDir(&content, gomodule.Version{Path: module, Version: version}, clone); err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": []byte(`{"Version":"` + version + `"}`),
		version + ".mod":  goMod,
		version + ".zip":  content.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(served, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	env := append(outsideMake(), "GOWORK=off", "GOFLAGS=-modcacherw", "GOSUMDB=off", "GOPRIVATE=", "GONOPROXY=",
		"GOPROXY=file://"+proxy+",file://"+goModCache+"/cache/download", "GOMODCACHE="+dir+"/cache", "GOBIN="+dir+"/bin")
	for _, program := range []string{"cargo-login", "cargo-logout", "cargo-credential-keyring"} {
		install := exec.Command("go", "install", module+"/cmd/"+program+"@latest")
		install.Dir, install.Env = dir, env
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", install, err, out)
		}
		out, err := exec.Command(filepath.Join(dir, "bin", program), "--version").CombinedOutput()
		if want := program + " 1.2.3\n"; err != nil || string(out) != want {
			t.Errorf("%s --version says %q, %v, want %q", program, out, err, want)
		}
	}
}

// freshClone returns a repository with what is in this tree, committed or not,
// as its only commit, of 2 January 2020 and with the tag v1.2.3.
func freshClone(t *testing.T) string {
	t.Helper()
	need(t, "git")
	clone := t.TempDir()
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		info, err := os.Stat(name)
		if os.IsNotExist(err) { // removed, and not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, content, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	runIn(t, clone, "git", "init", "-q")
	runIn(t, clone, "git", "add", "-A")
	runIn(t, clone, "git", "commit", "-q", "-m", "All of it")
	runIn(t, clone, "git", "tag", "v1.2.3")
	return clone
}

// runIn runs a command in dir, as outsideMake, and returns its output.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(outsideMake(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2020-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2020-01-02T03:04:05Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

// outsideMake is the environment without what it says of the make and the
// packages that the tests may be part of.
func outsideMake() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{
			"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TESTFLAGS", "VERSION", "SOURCE_DATE_EPOCH", "DESTDIR", "PREFIX",
		}, name)
	})
}

// filesIn returns the names of all files below dir, sorted.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
