//go:build unix

// The programs answer every case in testdata/parity as the real cargo does, or
// differ on purpose.

package test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/cargo-auth/cargo-auth/test/parity"
)

// Where the cases are. For each NAME.txtar, NAME.answer is cargo's answer. If ours
// differs on purpose, it is in NAME.ours.
const (
	parityDir   = "testdata/parity"
	versionFile = parityDir + "/VERSION" // the cargo whose answers are recorded
	frontDir    = parityDir + "/front/"
	differences = "docs/differences.md"
)

var record = flag.Bool("record", false, "record the answers of the cargo on PATH instead of comparing them")

// TestParity runs every case with the real cargo, if it is installed, and with our
// programs, and compares both with the recorded answers. The front is compared in
// every case; the cases in frontDir are for the front alone.
func TestParity(t *testing.T) {
	p := newParityRun(t)
	var cases []string
	err := filepath.WalkDir(parityDir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".txtar" {
			cases = append(cases, path)
		}
		return err
	})
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", parityDir, err)
	}
	fmt.Printf("parity: %d cases, %s\n", len(cases), p.about)
	for _, path := range cases {
		name := strings.TrimSuffix(strings.TrimPrefix(path, parityDir+"/"), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.compare(t, path)
		})
	}
}

// A parityRun holds what all cases share.
type parityRun struct {
	about       string         // what the programs are compared with, for the reader
	cargo       parity.Program // the real cargo, or empty
	minor       int            // its version is 1.minor
	newer       bool           // it is newer than the recorded answers
	ours, front parity.Program
	oursErr     error
	differences map[string]bool // the identifiers in docs/differences.md
}

func newParityRun(t *testing.T) *parityRun {
	p := new(parityRun)
	p.differences = readDifferences(t)
	recorded, _ := os.ReadFile(versionFile)
	newest := strings.TrimSpace(string(recorded))
	cargo, version := parity.FindCargo()
	p.minor = minorVersion(version)
	switch {
	case cargo == "":
		p.about = "no cargo on PATH: comparing with recorded answers only"
	case preRelease.MatchString(version):
		p.about = version + " is not a release: comparing with recorded answers only"
		cargo = ""
	case p.minor < oldest:
		p.about = fmt.Sprintf("%s is older than 1.%d: comparing with recorded answers only", version, oldest)
		cargo = ""
	default:
		p.newer = p.minor > minorVersion(newest)
		p.about = fmt.Sprintf("against %s and the recorded answers of %s", version, newest)
	}
	if cargo != "" {
		shared := t.TempDir()
		if err := os.Chmod(filepath.Dir(shared), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if p.cargo.Cargo, err = parity.Reachable(cargo, shared); err != nil {
			t.Fatal(err)
		}
	}
	if *record {
		if cargo == "" {
			t.Fatal("recording needs a real cargo on PATH")
		}
		if p.minor < minorVersion(newest) {
			t.Fatalf("%s is older than %s, whose answers are recorded", version, newest)
		}
		write(t, versionFile, version+"\n")
	}
	p.ours.Bin, p.oursErr = programs()
	p.front.Cargo = filepath.Join(p.ours.Bin, "front", "cargo")
	if p.oursErr != nil && !*record {
		t.Fatal(p.oursErr)
	}
	return p
}

func (p *parityRun) compare(t *testing.T, path string) {
	c, err := parity.ReadCase(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.NeedsGit() {
		need(t, "git")
	}
	ours := []parity.Program{p.ours, p.front}
	if strings.HasPrefix(path, frontDir) {
		ours = ours[1:]
	}
	stem := strings.TrimSuffix(path, ".txtar")
	if *record {
		theirs := answer(t, c, p.cargo)
		if p.oursErr != nil && (c.OurWords || c.Differs != "") {
			t.Fatal(p.oursErr)
		}
		if c.OurWords {
			theirs = parity.Open(theirs, answer(t, c, ours[0]))
		}
		write(t, stem+".answer", theirs)
		if c.Differs != "" {
			write(t, stem+".ours", answer(t, c, ours[0]))
		}
		return
	}
	theirs := read(t, stem+".answer")
	if c.OurWords && !strings.Contains(theirs, "…\n") {
		t.Error("the case is marked \"words: ours\", but the words are Cargo's")
	}
	if p.cargo.Cargo != "" && p.minor >= c.Since {
		if d := diffOf(c, theirs, "cargo now", answer(t, c, p.cargo)); d != "" {
			if p.newer {
				t.Logf("this newer cargo answers otherwise:\n%s", d)
			} else {
				t.Errorf("cargo does not give the recorded answer (see docs/new-cargo.md):\n%s", d)
			}
		}
	}
	want, name := theirs, "cargo's answer"
	if c.Differs != "" {
		want, name = read(t, stem+".ours"), fmt.Sprintf("the answer recorded for %q", c.Differs)
		if !p.differences[c.Differs] {
			t.Errorf("%s has no heading for %q", differences, c.Differs)
		}
		if want == theirs {
			t.Errorf("the case is marked %q, but our answer is cargo's", c.Differs)
		}
	}
	for _, program := range ours {
		if program == p.front && c.Differs == "one-command-line" { // the front has two, like Cargo
			want, name = theirs, "cargo's answer"
		}
		if d := diffOf(c, want, program.String(), answer(t, c, program)); d != "" {
			t.Errorf("not %s:\n%s", name, d)
		}
	}
}

func answer(t *testing.T, c *parity.Case, p parity.Program) string {
	t.Helper()
	a, err := c.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// diffOf returns the difference between an answer and the recorded one, or "".
func diffOf(c *parity.Case, recorded, name, answer string) string {
	if c.Agrees(recorded, answer) {
		return ""
	}
	return string(bytes.TrimSpace(diff.Diff("recorded", []byte(recorded), name, []byte(answer))))
}

// preRelease matches what cargo -V prints for a nightly, beta or development build.
var preRelease = regexp.MustCompile(`^cargo [\d.]+-`)

// oldest is the first minor version of Cargo 1 to compare with.
const oldest = 95

// minorVersion returns the minor version in the output of cargo -V, or 0.
func minorVersion(version string) int {
	var minor int
	fmt.Sscanf(version, "cargo 1.%d", &minor)
	return minor
}

var (
	heading   = regexp.MustCompile(`(?m)^#+ +(.+?)\s*$`)
	anchor    = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	notInSlug = regexp.MustCompile(`[^\w\- ]`)
)

// readDifferences returns the identifiers of all differences: every heading, in
// the form of a link to it, and every anchor.
func readDifferences(t *testing.T) map[string]bool {
	t.Helper()
	content, err := os.ReadFile(differences)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range heading.FindAllSubmatch(content, -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(string(m[1])), "")
		ids[strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, m := range anchor.FindAllSubmatch(content, -1) {
		ids[string(m[1])] = true
	}
	return ids
}
