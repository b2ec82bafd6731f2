//go:build unix

// What the documents say is true: they name files that exist, list every
// difference from Cargo, show the example as it is, and the manual pages have the
// options of the programs.

package test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	linked      = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	// pathInRepository starts with a directory of this tree.
	pathInRepository = regexp.MustCompile(`^(?:cmd|docs|examples|internal|pkg|test|testdata|tools|\.ci|\.github)(?:/[\w.*-]+)*/?$`)
	nameInCode       = regexp.MustCompile(`^((?:Test|Fuzz)[A-Z]\w*|(?:cli|config|credential|index|keyring|registry|terminal)\.[A-Z][\w.]*)$`)
	declaration      = regexp.MustCompile(`(?m)^(?:func|type|var|const|\t)(?: ?\(\w+ \*?(\w+)(?:\[\w+\])?\))? ?([A-Z]\w*)`)
)

// Every file, link, test and library name in a document exists.
func TestFilesThatDocumentsNameExist(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	if err != nil || len(documents) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	roots, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := declaredNames(t)
	named := 0
	for _, document := range append(documents, roots...) {
		text := read(t, document)
		for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
			if !pathInRepository.MatchString(match[1]) {
				continue
			}
			named++
			if found, err := filepath.Glob(match[1]); err != nil || len(found) == 0 {
				t.Errorf("%s names `%s`, which does not exist", document, match[1])
			}
		}
		for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
			name := nameInCode.FindStringSubmatch(match[1])
			if name != nil && !declared[name[1]] {
				t.Errorf("%s names `%s`, which no Go file declares", document, match[1])
			}
		}
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, match[1], err)
			}
		}
	}
	if named == 0 {
		t.Error("no document names a file")
	}
}

// declaredNames returns the names of all tests and fuzz targets, and of what the
// packages declare: "package.Name", or "package.Type.Method" for a method.
func declaredNames(t *testing.T) map[string]bool {
	declared := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text, name := read(t, path), filepath.Base(filepath.Dir(path))
		for _, match := range declaration.FindAllStringSubmatch(text, -1) {
			switch {
			case match[1] != "":
				declared[name+"."+match[1]+"."+match[2]] = true
			case strings.HasSuffix(path, "_test.go"):
				declared[match[2]] = true
			default:
				declared[name+"."+match[2]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

// A case, a script or a test names the difference that it shows, on its own line
// or at the end of a line of code.
var (
	differsLine = regexp.MustCompile(`(?m)(?:^# *|// )(?:differs: *(\S+)|(words): ours)$`)
	differsHead = regexp.MustCompile(`(?m)^##+ +([a-z0-9-]+)$`)
)

// Every difference from Cargo is in the list, and a case, a script or a test shows
// every entry of the list.
func TestEveryDifferenceIsListedAndShown(t *testing.T) {
	listed := map[string]bool{}
	for _, match := range differsHead.FindAllStringSubmatch(read(t, differences), -1) {
		if listed[match[1]] {
			t.Errorf("%s lists %s twice", differences, match[1])
		}
		listed[match[1]] = true
	}
	shown := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git" && d.IsDir():
			return fs.SkipDir
		case filepath.Ext(path) != ".txtar" && !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		for _, match := range differsLine.FindAllStringSubmatch(string(content), -1) {
			name := match[1] + match[2]
			shown[name] = append(shown[name], path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if !listed[name] {
			t.Errorf("%s does not list %s, but %s shows it", differences, name, strings.Join(shown[name], ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if shown[name] == nil {
			t.Errorf("%s lists %s, but nothing shows it", differences, name)
		}
	}
}

const (
	protocolDoc     = "docs/protocol.md"
	providerExample = "examples/cargo-credential-files/main.go"
)

// The page about providers shows the example unchanged.
func TestProtocolPageShowsTheExample(t *testing.T) {
	source, err := os.ReadFile(providerExample)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fenced(t, "go"); shown != string(source) {
		t.Errorf("%s shows\n%s\nbut %s is\n%s", protocolDoc, shown, providerExample, source)
	}
}

// The example gives the answers in the conversation on that page. There, ">" marks
// what Cargo writes and "<" what the provider writes.
func TestProtocolPageShowsWhatTheExampleAnswers(t *testing.T) {
	dir := t.TempDir()
	var requests, want strings.Builder
	for line := range strings.Lines(fenced(t, "text")) {
		line = strings.ReplaceAll(line, "/run/secrets/cargo", dir)
		if request, ok := strings.CutPrefix(line, "> "); ok {
			requests.WriteString(request)
		} else {
			want.WriteString(strings.TrimPrefix(line, "< "))
		}
	}
	cmd := command(t, ours(t, "cargo-credential-files"), "--cargo-plugin")
	cmd.Stdin = strings.NewReader(requests.String())
	got, err := cmd.Output()
	if err != nil || string(got) != want.String() {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want.String())
	}
}

// fenced returns the only block in a language on the page.
func fenced(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(protocolDoc)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("%s has %d blocks of %s, want 1", protocolDoc, len(blocks), language)
	}
	return blocks[0][1]
}

// The manual pages that `make man` builds and the programs' --help have the same
// options and commands, in the same groups.
func TestManual(t *testing.T) {
	pages := makeManual(t)
	for _, program := range []string{"cargo-login", "cargo-logout"} {
		t.Run(program, func(t *testing.T) {
			want := helpOptions(t, program)
			// --help is Cargo's, and Cargo's commands have no --version.
			want["OPTIONS"] = sorted(append(want["OPTIONS"], "-V, --version"))
			sameOptions(t, want, pages[program].options("ARGUMENTS", "OPTIONS"))
		})
	}
	const program = "cargo-credential-keyring"
	page := pages[program]
	t.Run(program, func(t *testing.T) {
		want := helpOptions(t, program)
		commands := want["AVAILABLE COMMANDS"]
		delete(want, "AVAILABLE COMMANDS")
		want["OPTIONS"] = want["FLAGS"]
		delete(want, "FLAGS")
		sameOptions(t, want, page.options("OPTIONS"))
		if got := page.subsections("COMMANDS"); !slices.Equal(got, commands) {
			t.Errorf("the manual has the commands %q, --help has %q", got, commands)
		}
		described := page.options("COMMANDS")
		for _, command := range commands {
			// The page describes -h once, for all commands.
			got := map[string][]string{"FLAGS": sorted(append(described[strings.ToUpper(command)], "-h, --help"))}
			t.Run(command, func(t *testing.T) { sameOptions(t, helpOptions(t, program, command), got) })
		}
	})
}

// Every page has the usual sections in the usual order, and names its version and
// its date.
func TestManualSections(t *testing.T) {
	for program, page := range makeManual(t) {
		t.Run(program, func(t *testing.T) {
			usual := []string{
				"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS",
				"ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO",
			}
			if program != "cargo-credential-keyring" {
				usual = slices.DeleteFunc(usual, func(s string) bool { return s == "COMMANDS" })
			}
			var got []string
			for _, s := range page {
				if s.below != "" || !slices.Contains(usual, s.heading) {
					continue
				}
				got = append(got, s.heading)
				if s.text == "" && s.heading != "COMMANDS" {
					t.Errorf("nothing is under %s", s.heading)
				}
			}
			if !slices.Equal(got, usual) {
				t.Errorf("the sections are\n%q, want\n%q", got, usual)
			}
			title := fmt.Sprintf(`%s 1 "1970-01-02" "cargo-auth v1.2.3-4" "User Commands"`, strings.ToUpper(program))
			if page[0].heading != title {
				t.Errorf("the title is\n%s, want\n%s", page[0].heading, title)
			}
			if name := page[1].text; !strings.HasPrefix(name, program+" - ") {
				t.Errorf("the name is %q, want one that whatis(1) understands", name)
			}
		})
	}
}

// A manual is the sections of a page. The first one is the title.
type manual []*manualSection

type manualSection struct {
	// heading is the section's and below the subsection's, both in capitals.
	heading, below string
	// items are the options and commands that it describes.
	items []string
	text  string
}

// makeManual runs `make man` and returns the pages by program.
func makeManual(t *testing.T) map[string]manual {
	t.Helper()
	need(t, "make")
	sources, err := filepath.Glob("docs/man/*.1.md")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no pages in docs/man: %v", err)
	}
	dir := t.TempDir()
	build := exec.Command("make", "man", "BUILD="+dir, "VERSION=v1.2.3-4")
	build.Env = append(outsideMake(), "SOURCE_DATE_EPOCH=86400")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make man: %v\n%s", err, out)
	}
	pages := map[string]manual{}
	for _, source := range sources {
		program := strings.TrimSuffix(filepath.Base(source), ".1.md")
		troff, err := os.ReadFile(filepath.Join(dir, "share/man/man1", program+".1"))
		if err != nil {
			t.Fatal(err)
		}
		pages[program] = parseManual(string(troff))
	}
	return pages
}

var troffFont = regexp.MustCompile(`\\f[BIRP]|\\&`)

// parseManual understands as much troff as the pages use.
func parseManual(troff string) manual {
	m := manual{{}}
	plain := strings.NewReplacer(`\-`, "-", `\(aq`, "'").Replace(troffFont.ReplaceAllString(troff, ""))
	isItem := false
	for line := range strings.Lines(plain) {
		line = strings.TrimSuffix(line, "\n")
		macro, rest, _ := strings.Cut(line, " ")
		last := m[len(m)-1]
		switch {
		case macro == ".TH":
			last.heading = rest
		case macro == ".SH":
			m = append(m, &manualSection{heading: rest})
		case macro == ".SS":
			m = append(m, &manualSection{heading: last.heading, below: strings.ToUpper(rest)})
		case isItem:
			last.items = append(last.items, line)
		case !strings.HasPrefix(line, "."):
			last.text += line
		}
		isItem = macro == ".TP"
	}
	return m
}

// options returns what some sections and their subsections describe, by heading.
func (m manual) options(headings ...string) map[string][]string {
	options := map[string][]string{}
	for _, s := range m {
		if slices.Contains(headings, s.heading) && len(s.items) > 0 {
			heading := s.heading
			if s.below != "" {
				heading = s.below
			}
			options[heading] = sorted(append(options[heading], s.items...))
		}
	}
	return options
}

// subsections returns the headings of a section's subsections, in lower case.
func (m manual) subsections(heading string) (below []string) {
	for _, s := range m {
		if s.heading == heading && s.below != "" {
			below = append(below, strings.ToLower(s.below))
		}
	}
	return sorted(below)
}

var (
	helpHeading = regexp.MustCompile(`^(\w.*):$`)
	helpEntry   = regexp.MustCompile(`^ {2,6}(\S.*?)(?: {2,}.*)?$`)
)

// helpOptions returns the options, arguments and commands that --help lists, by
// heading in capitals. It removes the brackets around the names of values.
func helpOptions(t *testing.T, program string, args ...string) map[string][]string {
	t.Helper()
	help := exec.Command(ours(t, program), append(args, "--help")...)
	help.Dir = t.TempDir()
	help.Env = []string{"CARGO_HOME=" + help.Dir, "COLUMNS=1000"}
	out, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	options := map[string][]string{}
	heading := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if match := helpHeading.FindStringSubmatch(line); match != nil {
			heading = strings.ToUpper(match[1])
		} else if line == "" {
			heading = ""
		} else if match := helpEntry.FindStringSubmatch(line); match != nil && heading != "" && heading != "USAGE" && heading != "EXAMPLES" {
			// Even an option without a value may be given one.
			entry := strings.TrimSuffix(match[1], "[=true|false]")
			options[heading] = sorted(append(options[heading], strings.NewReplacer("<", "", ">", "").Replace(entry)))
		}
	}
	return options
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// sameOptions compares --help with the manual.
func sameOptions(t *testing.T, help, page map[string][]string) {
	t.Helper()
	if len(help) == 0 {
		t.Error("--help lists nothing")
	}
	for heading := range help {
		if _, ok := page[heading]; !ok {
			t.Errorf("the manual has nothing under %s, --help has %q", heading, help[heading])
		}
	}
	for heading, got := range page {
		if !slices.Equal(got, help[heading]) {
			t.Errorf("under %s the manual has\n%q, --help has\n%q", heading, got, help[heading])
		}
	}
}
