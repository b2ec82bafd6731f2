//go:build unix

// The programs can be installed from a clone and from a module proxy, and are
// uninstalled without a trace. Packages are reproducible and contain what make
// install installs, in the place and with the modes that each system expects.

package test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	gomodule "golang.org/x/mod/module"
	modulezip "golang.org/x/mod/zip"
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
	if err := modulezip.CreateFromDir(&content, gomodule.Version{Path: module, Version: version}, clone); err != nil {
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

// TestPackages builds packages in two clones and checks those of the first. With
// CI=true it builds them for every system, otherwise for Linux and Windows on this
// machine's architecture.
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

// checkSame checks that two clones built the same packages.
func checkSame(t *testing.T, files []string, dist, again string) {
	if others := filesIn(t, again); !slices.Equal(files, others) {
		t.Fatalf("one clone built %q, the other %q", files, others)
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
			t.Errorf("the two clones built different versions of %s", name)
		}
	}
}

// checkSums checks SHA256SUMS against all other files.
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

// checkDpkg installs the deb in a separate root, runs an installed program, and
// removes the deb again.
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
		// dpkg needs tools that are not on an ordinary user's PATH.
		runIn(t, root, "env", append([]string{
			"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "dpkg",
			"--root=" + root, "--log=" + log, "--force-not-root", "--force-script-chrootless",
			"--path-include=*", // even if this machine excludes some
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
		t.Errorf("after the removal the root contains %v", entries)
	}
	for _, name := range filesIn(t, root) {
		if strings.Contains(name, "cargo") || !strings.HasPrefix(name, "var/lib/dpkg/") {
			t.Errorf("the removal left %s", name)
		}
	}
}

// packages are the packages that TestPackages built for this machine.
type packages struct {
	dist, version      string
	machine, elsewhere string   // the architecture's name for Go and dpkg, and for rpm and apk
	installed          []string // what make install puts under the prefix
}

// committed is the time of freshClone's commit, and so of every packed file.
var committed = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func (p packages) deb() string {
	return filepath.Join(p.dist, "cargo-auth_"+p.version+"_"+p.machine+".deb")
}

// below returns the files that should be in a package: the installed ones, in the
// places that move gives them, under dir.
func (p packages) below(dir string, move func(string) string) []string {
	var files []string
	for _, f := range p.installed {
		files = append(files, dir+move(f))
	}
	slices.Sort(files)
	return files
}

func stay(name string) string { return name }

// renamed gives a manual page a name that Cargo's packages do not use.
func renamed(name string) string {
	if strings.HasPrefix(name, "share/man/") {
		return name + "cargo-auth.gz"
	}
	return name
}

// checkMembers checks the owners, times and modes of an archive's members. It
// returns the names of its files, sorted.
func checkMembers(t *testing.T, archive io.Reader) []string {
	t.Helper()
	var files []string
	for members := tar.NewReader(archive); ; {
		m, err := members.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(files)
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if m.Name == ".PKGINFO" { // only apk reads it
			continue
		}
		mode := int64(0o644)
		if m.Typeflag == tar.TypeDir || strings.Contains(m.Name, "/bin/") {
			mode = 0o755
		}
		if m.Uid != 0 || m.Gid != 0 || m.Uname != "root" || m.Gname != "root" || m.Mode&0o7777 != mode || !m.ModTime.Equal(committed) {
			t.Errorf("%s is %+v", m.Name, m)
		}
		if m.Typeflag != tar.TypeDir {
			files = append(files, strings.TrimPrefix(m.Name, "./"))
		}
	}
}

func checkNames(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("it contains\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (p packages) checkTar(t *testing.T) {
	name := "cargo-auth-" + p.version + "-linux-" + p.machine
	f, err := os.Open(filepath.Join(p.dist, name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	want := append(p.below(name+"/", stay), name+"/LICENSE-MIT", name+"/LICENSE-APACHE", name+"/THIRD-PARTY-LICENSES")
	slices.Sort(want)
	checkNames(t, checkMembers(t, content), want)
}

func (p packages) checkZip(t *testing.T) {
	name := "cargo-auth-" + p.version + "-windows-" + p.machine
	archive, err := zip.OpenReader(filepath.Join(p.dist, name+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var files []string
	for _, f := range archive.File {
		files = append(files, f.Name)
		if !f.Modified.Equal(committed) {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
	}
	slices.Sort(files)
	want := append(p.below(name+"/", func(name string) string {
		if strings.HasPrefix(name, "bin/") {
			return name + ".exe"
		}
		return name
	}), name+"/LICENSE-MIT", name+"/LICENSE-APACHE", name+"/THIRD-PARTY-LICENSES")
	slices.Sort(want)
	checkNames(t, files, want)
}

func (p packages) checkDeb(t *testing.T) {
	need(t, "dpkg-deb")
	archive, err := exec.Command("dpkg-deb", "--fsys-tarfile", p.deb()).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := append(p.below("usr/", func(name string) string {
		return strings.Replace(renamed(name), "zsh/site-functions", "zsh/vendor-completions", 1)
	}), "usr/share/doc/cargo-auth/copyright", "usr/share/doc/cargo-auth/changelog.gz", "usr/share/lintian/overrides/cargo-auth")
	slices.Sort(want)
	checkNames(t, checkMembers(t, bytes.NewReader(archive)), want)

	got := runIn(t, ".", "dpkg-deb", "--showformat=${Package} ${Version} ${Architecture} ${Depends}", "--show", p.deb())
	if want := "cargo-auth " + p.version + " " + p.machine + " "; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

func (p packages) checkRPM(t *testing.T) {
	need(t, "rpm")
	name := filepath.Join(p.dist, "cargo-auth-"+p.version+"-1."+p.elsewhere+".rpm")
	var files []string
	format := "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILEMTIMES} %{FILENAMES}\n]"
	for line := range strings.Lines(runIn(t, ".", "rpm", "-qp", "--queryformat", format, name)) {
		fields := strings.Fields(line)
		mode := "-rw-r--r--"
		if strings.HasPrefix(fields[4], "/usr/bin/") {
			mode = "-rwxr-xr-x"
		}
		if strings.HasPrefix(line, "d") { // a directory that only we use
			continue
		}
		if fields[0] != mode || fields[1] != "root" || fields[2] != "root" || fields[3] != "1577934245" {
			t.Errorf("it contains %q", line)
		}
		files = append(files, fields[4])
	}
	slices.Sort(files)
	checkNames(t, files, p.below("/usr/", renamed))

	got := runIn(t, ".", "rpm", "-qp", "--queryformat", "%{NAME} %{VERSION} %{ARCH} %{BUILDHOST} %{BUILDTIME}", name)
	if want := "cargo-auth " + p.version + " " + p.elsewhere + " localhost 1577934245"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

func (p packages) checkAPK(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(p.dist, "cargo-auth_"+p.version+"-r0_"+p.elsewhere+".apk"))
	if err != nil {
		t.Fatal(err)
	}
	open := func() io.Reader {
		archive, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		return archive
	}
	checkNames(t, checkMembers(t, open()), p.below("usr/", renamed))

	members := tar.NewReader(open())
	if first, err := members.Next(); err != nil || first.Name != ".PKGINFO" {
		t.Fatalf("it begins with %+v, %v", first, err)
	}
	info, err := io.ReadAll(members)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pkgname = cargo-auth\n", "pkgver = " + p.version + "-r0\n", "arch = " + p.elsewhere + "\n"} {
		if !strings.Contains(string(info), want) {
			t.Errorf("%q is not in\n%s", want, info)
		}
	}
}

// checkBill compares the bill of materials with the build information in a program.
func (p packages) checkBill(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(p.dist, "cargo-auth-"+p.version+"-linux-"+p.machine+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat    string
		SerialNumber string
		Metadata     struct{ Timestamp time.Time }
		Components   []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(content, &bill); err != nil {
		t.Fatal(err)
	}
	if bill.BOMFormat != "CycloneDX" || bill.SerialNumber != "" || !bill.Metadata.Timestamp.Equal(committed) {
		t.Errorf("the bill is %+v", bill)
	}
	info, err := buildinfo.ReadFile(ours(t, "cargo-login"))
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]string{"stdlib": strings.TrimPrefix(info.GoVersion, "go")}
	for _, m := range info.Deps {
		linked[m.Path] = strings.Replace(m.Version, "(devel)", p.version, 1)
	}
	for _, c := range bill.Components {
		if want, ok := linked[c.Name]; ok && (c.Version != want || c.PURL != "pkg:golang/"+c.Name+"@"+want) {
			t.Errorf("the bill has %+v, want version %s", c, want)
		}
		delete(linked, c.Name)
	}
	if len(linked) != 0 {
		t.Errorf("the bill lacks %v", linked)
	}
}
