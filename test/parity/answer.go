//go:build unix

package parity

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// block renders an output under its title. It returns "" for empty output.
func block(title, output string) string {
	if output == "" {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", title)
	lines := strings.SplitAfter(output, "\n")
	for _, line := range lines {
		switch text, whole := strings.CutSuffix(line, "\n"); {
		case whole:
			fmt.Fprintf(&b, "| %s\n", visible(text))
		case text != "":
			fmt.Fprintf(&b, "| %s\n(no line end)\n", visible(text))
		}
	}
	return b.String()
}

// visible escapes characters that are invisible in a text file.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := rune(0), 0
		for _, r = range text {
			break
		}
		size = len(string(r))
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(text, "\ufffd"):
			size = 1
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(r) && r != '\\':
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		text = text[size:]
	}
	return b.String()
}

var (
	cacheName = regexp.MustCompile(`\b127\.0\.0\.1-[0-9a-f]{16}\b`)
	// fileCacheName is the name for an index whose URL has no host.
	fileCacheName = regexp.MustCompile(`/-[0-9a-f]{16}\b`)
	panicked      = regexp.MustCompile(`(?m)^(\| thread 'main') \(\d+\) panicked at .*:$`)
	elapsed       = regexp.MustCompile(`\bafter \d+ ms\b`)
)

// normalise removes what differs from run to run from an answer.
func normalise(answer string, w *world) string {
	answer = strings.NewReplacer(
		w.registry.URL, "$URL",
		strings.TrimPrefix(w.registry.URL, "http://"), "$HOST",
		w.dir, "$TMP",
	).Replace(answer)
	answer = cacheName.ReplaceAllString(answer, "127.0.0.1-HASH")
	answer = fileCacheName.ReplaceAllString(answer, "/-HASH")
	answer = panicked.ReplaceAllString(answer, "$1 (ID) panicked at PLACE:")
	return elapsed.ReplaceAllString(answer, "after N ms")
}

// open is used in the answer of a case whose words are ours. It matches any text
// up to the end of the line, and any number of output lines after it.
const open = "…"

// Open returns Cargo's answer, but leaves open the text on standard error or on
// the terminal where our answer has other words. It keeps the words before the
// last colon that both have in common: they are Cargo's frame around the reason.
// It keeps every other difference too, so that [Case.Agrees] finds it.
func Open(cargo, ours string) string {
	theirs, our := splitSteps(cargo), splitSteps(ours)
	if len(theirs) != len(our) {
		return cargo
	}
	var opened []string
	for i := range theirs {
		opened = append(opened, openStep(theirs[i], our[i])...)
	}
	return strings.Join(opened, "")
}

// Agrees reports whether an answer matches the recorded one, which may be open in
// places.
func (c *Case) Agrees(recorded, answer string) bool {
	if !c.OurWords {
		return recorded == answer
	}
	return matchLines(strings.SplitAfter(recorded, "\n"), strings.SplitAfter(answer, "\n"))
}

func matchLines(recorded, answer []string) bool {
	for i, line := range recorded {
		head, isOpen := strings.CutSuffix(line, open+"\n")
		if !isOpen || head != noHead {
			if len(answer) == 0 || !isOpen && answer[0] != line || !strings.HasPrefix(answer[0], head) {
				return false
			}
			answer = answer[1:]
		}
		if isOpen {
			for !matchLines(recorded[i+1:], answer) {
				if len(answer) == 0 || !isOutput(answer[0]) {
					return false
				}
				answer = answer[1:]
			}
			return true
		}
	}
	return len(answer) == 0
}

// isOutput reports whether a line of an answer is output of the program.
func isOutput(line string) bool {
	return strings.HasPrefix(line, "| ") || line == "(no line end)\n"
}

// noHead is what comes before a text that is open from its start.
const noHead = "| "

// splitSteps splits an answer into the lines for each command line.
func splitSteps(answer string) [][]string {
	var steps [][]string
	for line := range strings.SplitAfterSeq(answer, "\n") {
		if strings.HasPrefix(line, "$ ") || steps == nil {
			steps = append(steps, nil)
		}
		steps[len(steps)-1] = append(steps[len(steps)-1], line)
	}
	return steps
}

// openStep leaves open the differences in the answers to one command line.
func openStep(cargo, ours []string) []string {
	var opened []string
	i, j := 0, 0
	for _, pair := range append(commonLines(cargo, ours), [2]int{len(cargo), len(ours)}) {
		theirs, our := cargo[i:pair[0]], ours[j:pair[1]]
		if (len(theirs) > 0 || len(our) > 0) && mayOpen(cargo, i, theirs) && mayOpen(ours, j, our) {
			opened = append(opened, commonHead(theirs, our)+open+"\n")
		} else {
			opened = append(opened, theirs...)
		}
		if pair[0] < len(cargo) {
			opened = append(opened, cargo[pair[0]])
		}
		i, j = pair[0]+1, pair[1]+1
	}
	return opened
}

// mayOpen reports whether lines, which start at place in an answer, are all output
// on standard error or on the terminal.
func mayOpen(answer []string, place int, lines []string) bool {
	start := place
	for start > 0 && isOutput(answer[start-1]) {
		start--
	}
	if start == 0 || answer[start-1] != "stderr:\n" && answer[start-1] != "terminal:\n" {
		return false
	}
	return !slices.ContainsFunc(lines, func(line string) bool { return !isOutput(line) })
}

// commonHead returns what the first lines have in common, up to the last colon in
// it.
func commonHead(theirs, ours []string) string {
	if len(theirs) == 0 || len(ours) == 0 {
		return noHead
	}
	a, b := theirs[0], ours[0]
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if colon := strings.LastIndex(a[:n], ": "); colon > 0 {
		return a[:colon+len(": ")]
	}
	return noHead
}

// commonLines returns the positions of a longest common subsequence of lines.
func commonLines(a, b []string) [][2]int {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
