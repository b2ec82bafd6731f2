//go:build unix

// The programs can be installed from a clone and from a module proxy, and
// uninstalled without a trace.

package test

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// TestInstall installs from a fresh clone, and uninstalls everything again.
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

// TestGoInstall installs the programs as the README does, from the zip that a module
// proxy would serve for this tree.
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
