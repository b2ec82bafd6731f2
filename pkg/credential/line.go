package credential

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

var errNotUTF8 = errors.New("stream did not contain valid UTF-8")

func lineTooLong() error { return fmt.Errorf("a line is longer than %d bytes", maxLine) }

// readLine reads a line with its line feed. The last line may lack one; at the
// end of the input the line is empty and the error nil.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			clear(line)
			return nil, lineTooLong()
		}
		line = append(line, part...)
		clear(part)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, oserror.New(err)
		case !utf8.Valid(line):
			return nil, errNotUTF8
		}
		return line, nil
	}
}
