// Packages turns what `make install` put into one directory for each system into
// packages: deb, rpm and apk for Linux, and for every system an archive (.zip for
// Windows, .tar.gz otherwise) and a bill of materials in CycloneDX. Checksums are
// in SHA256SUMS. The same files give the same bytes.
//
//	packages -version VERSION -time SECONDS TREES DIST
//
// TREES has a directory OS-ARCH for each system, with bin and share in it.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	name        = "cargo-auth"
	homepage    = "https://github.com/cargo-auth/cargo-auth"
	maintainer  = "cargo-auth developers <developers@cargo-auth.invalid>"
	license     = "MIT OR Apache-2.0"
	summary     = "log in to and out of Cargo registries without Rust"
	description = `cargo-login and cargo-logout are Cargo's login and logout as small static
programs: the same options, messages, exit codes and files.
cargo-credential-keyring keeps the tokens in the operating system's secret
store.`
)

// A platform is the system that a tree is for, and what its packages share.
type platform struct {
	system, machine string
	tree            []file
	version         version
	time            time.Time
}

// fullName returns the name of the platform's archive without its extension. The
// one directory in the archive has this name too.
func (p platform) fullName() string {
	return fmt.Sprintf("%s-%s-%s-%s", name, p.version.plain, p.system, p.machine)
}

func main() {
	described := flag.String("version", "", "the version, as git describe prints it")
	seconds := flag.String("time", "", "the time of every file, in `seconds` since 1970")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*described, *seconds, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func run(described, seconds, trees, dist string) error {
	since, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return errors.New("no time for the files: outside a git repository, set SOURCE_DATE_EPOCH")
	}
	at := time.Unix(since, 0).UTC()
	version, err := parseVersion(described, at)
	if err != nil {
		return err
	}
	dirs, err := os.ReadDir(trees)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		p := platform{version: version, time: at}
		p.system, p.machine, _ = strings.Cut(dir.Name(), "-")
		if p.tree, err = readTree(filepath.Join(trees, dir.Name())); err != nil {
			return err
		}
		if err := p.write(dist); err != nil {
			return fmt.Errorf("packages for %s: %w", dir.Name(), err)
		}
	}
	return writeChecksums(dist)
}

// write writes all packages for one platform into dist.
func (p platform) write(dist string) error {
	if err := p.writeBill(dist); err != nil {
		return err
	}
	if p.system == "windows" {
		return p.writeZip(dist)
	}
	if p.system == "linux" {
		for _, format := range []string{"deb", "rpm", "apk"} {
			if err := p.writePackage(format, dist); err != nil {
				return fmt.Errorf("%s: %w", format, err)
			}
		}
	}
	return p.writeTar(dist)
}

// writeChecksums writes SHA256SUMS for all files in dist.
func writeChecksums(dist string) error {
	entries, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, e := range entries {
		if e.Name() == "SHA256SUMS" || !e.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dist, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), e.Name())
	}
	return os.WriteFile(filepath.Join(dist, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// A version has the two forms that packages need. In both, a commit sorts after
// the release that it follows, and a pre-release before its release.
type version struct {
	plain string // for dpkg, rpm and file names
	apk   string
}

var (
	tagged   = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-(alpha|beta|pre|rc)\.?(\d*))?(?:-(\d+)-(g[0-9a-f]+))?(-dirty)?$`)
	untagged = regexp.MustCompile(`^([0-9a-f]{7,40}|devel)(-dirty)?$`)
)

// parseVersion reads what `git describe --tags --always --dirty` prints. A commit
// without an earlier tag gets its date as version.
func parseVersion(described string, at time.Time) (version, error) {
	if m := tagged.FindStringSubmatch(described); m != nil {
		release, pre, number, commits, commit, dirty := m[1], m[2], m[3], m[4], m[5], m[6]
		v := version{plain: release, apk: release}
		if pre != "" {
			v.plain += "~" + pre + number
			v.apk += "_" + pre + number
		}
		if commits != "" {
			v.plain += "+" + commits + "." + commit
			v.apk += "_git" + commits
		}
		if dirty != "" {
			v.plain += "+dirty"
		}
		return v, nil
	}
	if m := untagged.FindStringSubmatch(described); m != nil {
		date := "git" + at.Format("20060102")
		v := version{plain: "0.0.0+" + date + "." + m[1], apk: "0.0.0_" + date}
		if m[2] != "" {
			v.plain += "+dirty"
		}
		return v, nil
	}
	return version{}, fmt.Errorf("a package cannot have the version %q", described)
}

// A file is one file in a tree.
type file struct {
	name   string // within the tree, with slashes
	source string
	mode   fs.FileMode
}

// readTree returns the files in dir, sorted. Their modes on disk depend on the
// umask; those in the packages do not.
func readTree(dir string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f := file{name: filepath.ToSlash(relative), source: path, mode: 0o644}
		if info.Mode()&0o100 != 0 {
			f.mode = 0o755
		}
		files = append(files, f)
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no files in %s", dir)
	}
	return files, err
}

// programs returns the programs in the tree.
func (p platform) programs() []file {
	var programs []file
	for _, f := range p.tree {
		if strings.HasPrefix(f.name, "bin/") {
			programs = append(programs, f)
		}
	}
	return programs
}

// read returns the content of a file in the tree.
func (p platform) read(name string) ([]byte, error) {
	for _, f := range p.tree {
		if f.name == name {
			return os.ReadFile(f.source)
		}
	}
	return nil, fmt.Errorf("the tree has no %s", name)
}
