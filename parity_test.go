//go:build unix

package cargoauth

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

	"github.com/cargo-auth/cargo-auth/internal/parity"
	"github.com/rogpeppe/go-internal/diff"
)

// Where the cases are. Beside NAME.txtar stand NAME.answer, what cargo
// answered, and for a difference on purpose NAME.ours.
const (
	parityDir   = "testdata/parity"
	versionFile = parityDir + "/VERSION" // of the cargo whose answers are recorded
	frontDir    = parityDir + "/front/"
	differences = "docs/differences.md"
)

var record = flag.Bool("record", false, "record the answers of the cargo on PATH instead of comparing with them")

// TestParity runs every case with the real cargo, where there is one, and with
// the programs of this project, and compares both with the recorded answers.
// The front for Cargo is compared in all cases, and in frontDir it alone.
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

// A parityRun is what all cases share.
type parityRun struct {
	about       string         // what they are compared with, for the reader
	cargo       parity.Program // the real one; Cargo is empty without one
	sameVersion bool           // cargo is the one whose answers are recorded
	ours, front parity.Program
	oursErr     error
	differences map[string]bool // the identifiers in docs/differences.md
}

func newParityRun(t *testing.T) *parityRun {
	p := new(parityRun)
	p.differences = readDifferences(t)
	recorded, _ := os.ReadFile(versionFile)
	cargo, version := parity.FindCargo()
	switch {
	case cargo == "":
		p.about = "no cargo on PATH: comparing with recorded answers only"
	case !recentEnough(version):
		p.about = fmt.Sprintf("%s is older than 1.95: comparing with recorded answers only", version)
		cargo = ""
	default:
		p.sameVersion = version == strings.TrimSpace(string(recorded))
		p.about = "against " + version
		if !p.sameVersion {
			p.about += ", whose answers are not the recorded ones"
		}
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
			t.Fatal("recording needs cargo 1.95 or newer on PATH")
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
		write(t, stem+".answer", answer(t, c, p.cargo))
		if c.Differs != "" && p.oursErr == nil {
			write(t, stem+".ours", answer(t, c, ours[0]))
		}
		return
	}
	theirs := read(t, stem+".answer")
	if p.cargo.Cargo != "" {
		if d := diffOf("recorded", theirs, "cargo now", answer(t, c, p.cargo)); d != "" {
			if p.sameVersion {
				t.Errorf("cargo no longer gives the recorded answer (record anew?):\n%s", d)
			} else {
				t.Logf("this cargo answers otherwise:\n%s", d)
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
			t.Errorf("marked as %q, but equals cargo's answer", c.Differs)
		}
	}
	for _, program := range ours {
		if program == p.front && c.Differs == "one-command-line" { // it has Cargo's two
			want, name = theirs, "cargo's answer"
		}
		if d := diffOf("recorded", want, program.String(), answer(t, c, program)); d != "" {
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

func diffOf(oldName, old, newName, new string) string {
	return string(bytes.TrimSpace(diff.Diff(oldName, []byte(old), newName, []byte(new))))
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make parity-record makes it)", err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recentEnough tells whether the answer to cargo -V is that of 1.95 or newer.
func recentEnough(version string) bool {
	var major, minor int
	fmt.Sscanf(version, "cargo %d.%d", &major, &minor)
	return major > 1 || major == 1 && minor >= 95
}

var (
	heading   = regexp.MustCompile(`(?m)^#+ +(.+?)\s*$`)
	anchor    = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	notInSlug = regexp.MustCompile(`[^\w\- ]`)
)

// readDifferences finds the identifiers of differences: each heading as it
// would be linked to, and each anchor.
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
