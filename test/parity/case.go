//go:build unix

// Package parity holds programs against the real cargo. A case is a small text
// file that says which command lines to run in which files and against which
// registry; its answer is a text too: what was printed, how the commands
// ended, what became of the files and what the registry was asked. Two
// programs agree on a case when the texts are the same.
//
// A case is a txtar archive. Its comment says in the first line what must
// hold. More lines may follow:
//
//	# differs: ID     this project's answer is another one on purpose
//	# words: ours     the reason of a failure is told in our own words
//	# since: 1.99     an older Cargo answers otherwise
//
// The sections:
//
//	-- cmd --
//	cargo login --registry pub < "token\n"
//	-- registry --
//	/pub/config.json 404
//	-- home/config.toml --
//	registries.pub.index = "sparse+$URL/pub/"
//	-- home/credentials.toml 0600 crlf --
//	-- home/credentials.toml -> ../work/mine --
//	-- work/empty/ 0555 --
//
// cmd is run as steps.go says; registry are the rules of package stubregistry.
// Everything else is a file, a link or (with a final slash) a directory below
// the case's own directory $TMP, in which home is CARGO_HOME, work the working
// directory and user the home directory. Behind a file's name may stand its
// mode and what is done to its text: crlf, bom, chomp (no final line end) and
// quoted (the text is one Go string, for bytes a text file cannot hold).
package parity

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/rogpeppe/go-internal/txtar"
)

// A Case is what one file says.
type Case struct {
	Differs  string // the difference it shows, "" if none
	OurWords bool   // the reason of a failure is in our own words; see [Open]
	Since    int    // the first minor version of Cargo 1 that answers so, 0 for any

	steps []step
	rules []stubregistry.Rule
	files []file
}

// A file is to be made before the steps run. Its text may hold $TMP and $URL.
type file struct {
	name string
	mode *os.FileMode // nil if not given
	link string       // where it points, if it is a link
	dir  bool
	text string
}

// ReadCase reads a case from a file.
func ReadCase(path string) (*Case, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parseCase(archive)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// NeedsGit reports whether the case makes git repositories.
func (c *Case) NeedsGit() bool { return c.has("commit") }

// has reports whether one of the steps begins with that word.
func (c *Case) has(word string) bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return s.words[0] == word })
}

func parseCase(archive *txtar.Archive) (*Case, error) {
	c := new(Case)
	comment := strings.Split(string(archive.Comment), "\n")
	if sentence, ok := strings.CutPrefix(comment[0], "# "); !ok || sentence == "" {
		return nil, fmt.Errorf("the first line must say what holds, after %q", "# ")
	}
	for _, line := range comment[1:] {
		mark, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), ": ")
		switch mark {
		case "differs":
			c.Differs = value
		case "words":
			if value != "ours" {
				return nil, fmt.Errorf("words can only be ours, not %q", value)
			}
			c.OurWords = true
		case "since":
			if _, err := fmt.Sscanf(value, "1.%d", &c.Since); err != nil {
				return nil, fmt.Errorf("since: %q is no version of Cargo", value)
			}
		}
	}
	for _, section := range archive.Files {
		var err error
		switch section.Name {
		case "cmd":
			c.steps, err = parseSteps(string(section.Data))
		case "registry":
			c.rules, err = stubregistry.ParseRules(string(section.Data))
		default:
			var f file
			f, err = parseFile(section.Name, string(section.Data))
			c.files = append(c.files, f)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(c.steps) == 0 {
		return nil, fmt.Errorf("no cmd section")
	}
	return c, nil
}

func parseFile(header, text string) (file, error) {
	if name, target, ok := strings.Cut(header, " -> "); ok {
		return file{name: name, link: target}, checkName(name)
	}
	words := strings.Fields(header)
	f := file{name: strings.TrimSuffix(words[0], "/"), text: text}
	f.dir = f.name != words[0]
	for _, w := range words[1:] {
		mode, err := strconv.ParseUint(w, 8, 12)
		switch {
		case err == nil:
			m := os.FileMode(mode)
			f.mode = &m
		case w == "crlf":
			f.text = strings.ReplaceAll(f.text, "\n", "\r\n")
		case w == "bom":
			f.text = "\ufeff" + f.text
		case w == "chomp":
			f.text = strings.TrimRight(f.text, "\r\n")
		case w == "quoted":
			if f.text, err = strconv.Unquote(strings.TrimSpace(f.text)); err != nil {
				return f, fmt.Errorf("%s: not one Go string: %w", f.name, err)
			}
		default:
			return f, fmt.Errorf("%s: unknown word %q behind the name", f.name, w)
		}
	}
	return f, checkName(f.name)
}

// checkName refuses what would be made outside the three directories.
func checkName(name string) error {
	top, _, _ := strings.Cut(name, "/")
	if (top != "home" && top != "work" && top != "user") || strings.Contains(name, "..") {
		return fmt.Errorf("%s: files stand below home/, work/ or user/", name)
	}
	return nil
}
