//go:build unix

package test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestPackages makes packages in two clones, and looks into those of the first.
// With CI=true they are for every system, else for two and this machine.
func TestPackages(t *testing.T) {
	clone := freshClone(t)
	again := filepath.Join(t.TempDir(), "a longer name")
	runIn(t, clone, "git", "clone", "-q", clone, again)
	for _, dir := range []string{clone, again} {
		args := []string{"packages"}
		if os.Getenv("CI") != "true" {
			args = append(args, "SYSTEMS=linux windows", "MACHINES="+runtime.GOARCH)
		}
		runIn(t, dir, "make", args...)
	}
	dist := filepath.Join(clone, "dist")
	files := filesIn(t, dist)
	checkSame(t, files, dist, filepath.Join(again, "dist"))
	checkSums(t, files, dist)

	dest := t.TempDir()
	runIn(t, clone, "make", "install", "DESTDIR="+dest, "PREFIX=/usr")
	tree := filesIn(t, filepath.Join(dest, "usr"))
	p := packages{dist: dist, version: "1.2.3", machine: runtime.GOARCH, installed: tree}
	p.elsewhere = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[p.machine]
	t.Run("tar", p.checkTar)
	t.Run("zip", p.checkZip)
	t.Run("deb", p.checkDeb)
	t.Run("dpkg", p.checkDpkg)
	t.Run("rpm", p.checkRPM)
	t.Run("apk", p.checkAPK)
	t.Run("bill", p.checkBill)
}

// checkSame compares the packages that two clones have made.
func checkSame(t *testing.T, files []string, dist, again string) {
	if others := filesIn(t, again); !slices.Equal(files, others) {
		t.Fatalf("one clone made %q, the other %q", files, others)
	}
	for _, name := range files {
		one, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(again, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, other) {
			t.Errorf("two clones made two of %s", name)
		}
	}
}

// checkSums holds SHA256SUMS against all the other files.
func checkSums(t *testing.T, files []string, dist string) {
	var want strings.Builder
	for _, name := range files {
		if name == "SHA256SUMS" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		fmt.Fprintf(&want, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	got, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("SHA256SUMS is\n%s\nwant\n%s", got, want.String())
	}
}

// checkDpkg installs the deb in a root of its own, runs a program that was
// installed, and removes the deb again.
func (p packages) checkDpkg(t *testing.T) {
	need(t, "dpkg")
	root := t.TempDir()
	for _, dir := range []string{"info", "updates"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	dpkg := func(args ...string) {
		t.Helper()
		// An ordinary user's PATH is without what dpkg wants to find there.
		runIn(t, root, "env", append([]string{
			"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "dpkg",
			"--root=" + root, "--log=" + log, "--force-not-root", "--force-script-chrootless",
			"--path-include=*", // whatever this machine leaves out
		}, args...)...)
	}

	dpkg("--install", p.deb())
	home := t.TempDir()
	credentials := filepath.Join(home, "credentials.toml")
	if err := os.WriteFile(credentials, []byte("[registry]\ntoken = \"secret\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	logout := exec.Command(filepath.Join(root, "usr/bin/cargo-logout"))
	logout.Dir, logout.Env = home, []string{"CARGO_HOME=" + home}
	if out, err := logout.CombinedOutput(); err != nil {
		t.Errorf("cargo-logout: %v\n%s", err, out)
	}
	if left, err := os.ReadFile(credentials); err != nil || strings.Contains(string(left), "secret") {
		t.Errorf("after cargo-logout the credentials are %q, %v", left, err)
	}

	dpkg("--purge", "cargo-auth")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "var" {
		t.Errorf("after the removal there is %v", entries)
	}
	for _, name := range filesIn(t, root) {
		if strings.Contains(name, "cargo") || !strings.HasPrefix(name, "var/lib/dpkg/") {
			t.Errorf("the removal left %s", name)
		}
	}
}
