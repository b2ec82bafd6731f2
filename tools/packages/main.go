// Packages makes packages of what `make install` has put into one directory
// for each system: deb, rpm and apk for Linux, and for every system an archive
// (.zip for Windows, else .tar.gz) and a bill of materials in CycloneDX, with
// their checksums in SHA256SUMS. The same files make the same bytes.
//
//	packages -version VERSION -time SECONDS TREES DIST
//
// TREES holds a directory OS-ARCH for each system, and in it bin and share.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

// fullName returns the name of the platform's archive without its ending, which
// is also the one directory in it.
func (p platform) fullName() string {
	return fmt.Sprintf("%s-%s-%s-%s", name, p.version.plain, p.system, p.machine)
}

func main() {
	described := flag.String("version", "", "the version, as git describe says it")
	seconds := flag.String("time", "", "the `seconds` since 1970 that are every file's time")
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
