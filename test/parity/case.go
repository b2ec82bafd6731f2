//go:build unix

// Package parity compares programs with the real cargo. A case is a small text
// file: it says which command lines to run, with which files and against which
// registry. Its answer is a text too: the output, how the commands ended, what
// changed in the files, and the requests to the registry. Two programs agree on
// a case if their answers are the same.
//
// A case is a txtar archive. The first line of its comment says what must hold.
// These lines may follow:
//
//	# differs: ID     this project's answer is different on purpose
//	# words: ours     the reason for a failure is in our own words
//	# since: 1.99     an older Cargo answers differently
//
// These are the sections:
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
// cmd has the lines to run; type step describes them. registry has rules for
// package stubregistry. Every other section is a file, a link or (with a final
// slash) a directory in the case's own directory $TMP. There, home is CARGO_HOME,
// work the working directory and user the home directory. After a file's name
// may come its mode and what to do to its text: crlf, bom, chomp (no final line
// end) and quoted (the text is one Go string, for bytes that a text file cannot
// hold).
package parity

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// A Case is what one file describes.
type Case struct {
	Differs  string // the difference it shows, "" if none
	OurWords bool   // the reason for a failure is in our own words; see [Open]
	Since    int    // the first minor version of Cargo 1 that answers like this, 0 for any

	steps []step
	rules []stubregistry.Rule
	files []file
}

// A file is created before the steps run. Its text may contain $TMP and $URL.
type file struct {
	name string
	mode *os.FileMode // nil if not given
	link string       // the target, if it is a link
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

// NeedsGit reports whether the case creates git repositories.
func (c *Case) NeedsGit() bool { return c.has("commit") }

// has reports whether one of the steps begins with word.
func (c *Case) has(word string) bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return s.words[0] == word })
}

func parseCase(archive *txtar.Archive) (*Case, error) {
	c := new(Case)
	comment := strings.Split(string(archive.Comment), "\n")
	if sentence, ok := strings.CutPrefix(comment[0], "# "); !ok || sentence == "" {
		return nil, fmt.Errorf("the first line must say what must hold, after %q", "# ")
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
				return nil, fmt.Errorf("since: %q is not a version of Cargo", value)
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
			return f, fmt.Errorf("%s: unknown word %q after the name", f.name, w)
		}
	}
	return f, checkName(f.name)
}

// checkName refuses a file outside the three directories.
func checkName(name string) error {
	top, _, _ := strings.Cut(name, "/")
	if (top != "home" && top != "work" && top != "user") || strings.Contains(name, "..") {
		return fmt.Errorf("%s: files must be in home/, work/ or user/", name)
	}
	return nil
}

// A step is one line of a case's cmd section, split into words. A word in double
// quotes is a Go string, and one in single quotes is used as it is. $TMP and $URL
// are replaced in all of them. These are the lines:
//
//	cargo login --registry pub        runs the program with empty standard input,
//	cargo login < "token\n"           or with this text
//	env NAME=value                    sets a variable for all following runs
//	env -NAME                         removes it
//	cd DIR                            changes to a directory, relative to work
//	as nobody                         following runs do not run as root
//	tty                               the next run is on a terminal,
//	tty stderr                        or only its standard error is,
//	tty 40                            or the terminal has 40 columns
//	type "prompt" "token\n"           types text after the prompt of the next run
//	stop                              stops the registry
//	commit DIR                        commits all files of DIR with git; the first
//	                                  time, it creates the repository
//	write FILE "text"  mkdir DIR  chmod MODE FILE  rm FILE
type step struct {
	line  string // as written
	words []string
	stdin string
}

// arguments says how many words follow the first in each kind of line. -1 means
// any number.
var arguments = map[string]int{
	"cargo": -1, "env": 1, "cd": 1, "as": 1, "tty": -1, "type": 2, "stop": 0,
	"write": 2, "mkdir": 1, "chmod": 2, "rm": 1, "commit": 1,
}

func parseSteps(text string) ([]step, error) {
	var steps []step
	for i, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err != nil {
			return nil, fmt.Errorf("cmd, line %d: %w", i+1, err)
		}
		if len(words) == 0 {
			continue
		}
		s := step{line: strings.TrimSpace(line)}
		if n := len(words); n > 2 && words[n-2] == "<" {
			s.stdin = words[n-1]
			words = words[:n-2]
		}
		s.words = words
		want, known := arguments[words[0]]
		if !known || want >= 0 && want != len(words)-1 {
			return nil, fmt.Errorf("cmd, line %d: cannot read %q", i+1, line)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// split splits a line into words.
func split(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("unfinished string in %s", line)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			words, line = append(words, word), line[len(quoted):]
		case line[0] == '\'':
			word, rest, ok := strings.Cut(line[1:], "'")
			if !ok {
				return nil, fmt.Errorf("unfinished string in %s", line)
			}
			words, line = append(words, word), rest
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			words, line = append(words, line[:end]), line[end:]
		}
	}
}
