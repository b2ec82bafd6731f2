package cli

import (
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// columns returns the width for help: that of the first standard stream that
// is a terminal and knows its width, else what $COLUMNS says.
func (s *Shell) columns() int {
	for _, file := range []*os.File{s.stdout, s.stderr, os.Stdin} {
		width, height, err := term.GetSize(int(file.Fd()))
		if err == nil && width > 0 && height > 0 {
			return width
		}
	}
	text, _ := lookup(s.environ, "COLUMNS")
	columns, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	if err != nil {
		return defaultColumns
	}
	return int(min(columns, math.MaxInt32))
}
