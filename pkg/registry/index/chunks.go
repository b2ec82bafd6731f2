package index

import (
	"fmt"
	"io"
	"math"
	"strconv"
)

// longestChunkSize bounds the digits of a chunk's size.
const longestChunkSize = 16

// chunkScanner reads a body that comes in chunks, as curl does.
type chunkScanner struct {
	head *headScanner
	left int64
	// open is set if a chunk was begun whose line end is still to come.
	open bool
}

// next returns a part of the body; io.EOF at its end.
func (s *chunkScanner) next() ([]byte, error) {
	if s.left == 0 {
		if s.open {
			if err := s.lineEnd(); err != nil {
				return nil, err
			}
		}
		size, err := s.size()
		if err != nil {
			return nil, err
		}
		if size == 0 {
			return nil, s.trailers()
		}
		s.left, s.open = size, true
	}
	part, err := buffered(s.head.r, s.left)
	s.left -= int64(len(part))
	return part, partial(err)
}

// lineEnd reads the end of the line behind a chunk's data.
func (s *chunkScanner) lineEnd() error {
	for {
		c, err := s.head.r.ReadByte()
		switch {
		case err != nil:
			return partial(err)
		case c == '\n':
			return nil
		case c != '\r':
			return &transferError{errReceive, "Malformed encoding found in chunked-encoding", nil}
		}
	}
}

// size reads the line before a chunk's data; what follows the size there is
// passed over.
func (s *chunkScanner) size() (int64, error) {
	var digits []byte
	for {
		c, err := s.head.r.ReadByte()
		if err != nil {
			return 0, partial(err)
		}
		if !isHexDigit(c) {
			if len(digits) == 0 {
				return 0, &transferError{errReceive, fmt.Sprintf("chunk hex-length char not a hex digit: 0x%x", c), nil}
			}
			for c != '\n' {
				if c, err = s.head.r.ReadByte(); err != nil {
					return 0, partial(err)
				}
			}
			break
		}
		if len(digits) == longestChunkSize {
			return 0, &transferError{errReceive, fmt.Sprintf("chunk hex-length longer than %d", longestChunkSize), nil}
		}
		digits = append(digits, c)
	}
	size, err := strconv.ParseUint(string(digits), 16, 64)
	if err != nil || size > math.MaxInt64 {
		return 0, &transferError{errReceive, fmt.Sprintf("invalid chunk size: '%s'", digits), nil}
	}
	return int64(size), nil
}

// trailers reads what stands behind the last chunk. They count as header lines.
func (s *chunkScanner) trailers() error {
	for {
		line, err := s.head.line()
		if err != nil {
			return partial(err)
		}
		if len(line) == 0 || line[0] == '\r' {
			return io.EOF
		}
		if err := s.head.count(line); err != nil {
			return err
		}
	}
}

// partial is the error for a connection that ends within a body.
func partial(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isHexDigit(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
