//go:build unix

package parity

import (
	"fmt"
	"strconv"
	"strings"
)

// A step is one line of a case's cmd section, in words. A word in double
// quotes is a Go string, in single quotes it is taken as it stands; $TMP and
// $URL are replaced in all of them. The lines:
//
//	cargo login --registry pub        runs the program; standard input is empty,
//	cargo login < "token\n"           or this text
//	env NAME=value                    for all runs that follow
//	env -NAME                         removes it
//	cd DIR                            relative to work
//	as nobody                         the runs that follow are not root's
//	tty                               the next run is on a terminal,
//	tty stderr                        or only its standard error is,
//	tty 40                            or the terminal has 40 columns
//	type "prompt" "token\n"           typed after the prompt, in the next run
//	stop                              the registry, for good
//	commit DIR                        all its files, in a git repository that
//	                                  the first such line makes
//	write FILE "text"  mkdir DIR  chmod MODE FILE  rm FILE
type step struct {
	line  string // as it was written
	words []string
	stdin string
}

// arguments is how many words each kind of line has after its first, -1 for
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

// split cuts a line into words.
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
