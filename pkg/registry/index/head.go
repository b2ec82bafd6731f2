package index

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

// The bounds of the head of an answer are curl's: its size with all that was
// announced before it, its lines, and each of them.
const (
	longestHead = 300 << 10
	mostHeaders = 5000
	longestLine = 100 << 10
)

// head is what stands before the body of an answer.
type head struct {
	code int
	// length is that of the body; -1 if the end of the connection is its end.
	length    int64
	chunked   bool
	keepAlive bool
}

// bodyless reports whether the status alone says that there is no body.
func (h head) bodyless() bool { return h.code/100 == 1 || h.code == 204 || h.code == 304 }

// final reports whether no other answer is to follow.
func (h head) final() bool { return h.code/100 != 1 || h.code == 101 }

// headScanner reads the head of an answer as curl does, whose rules are other
// than those of package net/http in what they let pass.
type headScanner struct {
	r *bufio.Reader
	// reused is set if another answer came over the connection before.
	reused bool
	// keep gets each header line without its end, also those of answers that
	// only announce another.
	keep func(line []byte)

	size, headers int
	announced     bool
}

// scan reads up to the first answer that is not an announcement of another. A
// connection that ends in the head ends the head; one that ends before it is
// io.EOF.
func (s *headScanner) scan() (head, error) {
	for {
		h, err := s.one()
		if err != nil || h.final() {
			return h, err
		}
		s.announced = true
	}
}

func (s *headScanner) one() (head, error) {
	h := head{length: -1}
	line, err := s.statusLine()
	if err != nil {
		return h, err
	}
	if err := h.setStatus(line); err != nil {
		return h, err
	}
	for first := true; ; first = false {
		line, err := s.line()
		if err == io.EOF && h.final() {
			h.keepAlive = false
			return h, nil
		}
		if err == io.EOF {
			return h, emptyReply(err)
		}
		if err != nil {
			return h, err
		}
		if len(line) == 0 || line[0] == '\r' {
			return h, nil
		}
		if err := s.header(&h, line, first); err != nil {
			return h, err
		}
	}
}

// statusLine reads the first line. That it is none is seen from its first
// byte: what sends it may never end the line.
func (s *headScanner) statusLine() ([]byte, error) {
	const prefix = "HTTP/"
	for i := range prefix {
		start, err := s.r.Peek(i + 1)
		if err == io.EOF && (i > 0 || s.announced) {
			return nil, emptyReply(err)
		}
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(string(start), prefix[:i+1]) {
			continue
		}
		if s.reused || s.announced {
			return nil, &transferError{errWeirdReply, "Invalid status line", nil}
		}
		return nil, &transferError{errUnsupportedProtocol, "Received HTTP/0.9 when not allowed", nil}
	}
	line, err := s.line()
	if err == io.EOF {
		err = emptyReply(err)
	}
	return line, err
}

// line reads a line and returns it without its line feed. A last line that has
// none is dropped.
func (s *headScanner) line() ([]byte, error) {
	var line []byte
	for {
		part, err := s.r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) >= longestLine {
			return nil, &transferError{errTooLarge, "", nil}
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return nil, &transferError{errWeirdReply, "Nul byte in header", nil}
		}
		if s.size += len(line); s.size > longestHead {
			return nil, &transferError{errReceive, fmt.Sprintf("Too large response headers: %d > %d", s.size, longestHead), nil}
		}
		return line[:len(line)-1], nil
	}
}

// setStatus reads the status line. A version that is written in none of the
// known ways stands for a success of HTTP/1.0.
func (h *head) setStatus(line []byte) error {
	h.code = 200
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/"))
	if !ok || len(rest) == 0 {
		return nil
	}
	switch major := rest[0]; major {
	case '1':
		if len(rest) < 4 || rest[1] != '.' || rest[2] != '0' && rest[2] != '1' || !isBlank(rest[3]) || !h.setCode(rest[4:]) {
			return &transferError{errUnsupportedProtocol, "Unsupported HTTP/1 subversion in response", nil}
		}
		h.keepAlive = rest[2] == '1'
	case '2', '3':
		switch {
		case len(rest) < 2 || !isBlank(rest[1]) || !h.setCode(rest[2:]):
		case major == '2':
			return &transferError{errWeirdReply, "Version mismatch (from HTTP/1 to HTTP/2)", nil}
		default:
			return &transferError{errUnsupportedProtocol, "Unsupported HTTP version (3.0) in response", nil}
		}
	default:
		return &transferError{errUnsupportedProtocol, "Unsupported HTTP version in response", nil}
	}
	return nil
}

// setCode reads the three digits of a status.
func (h *head) setCode(text []byte) bool {
	code := 0
	for i := range 3 {
		if i >= len(text) || !isDigit(text[i]) {
			return false
		}
		code = code*10 + int(text[i]-'0')
	}
	h.code = code
	return true
}

// header reads a header line: those that say how long the body is.
func (s *headScanner) header(h *head, line []byte, first bool) error {
	if !first && isBlank(line[0]) {
		s.keep(line)
		return nil
	}
	name, value, ok := strings.Cut(string(line), ":")
	if !ok {
		return &transferError{errWeirdReply, "Header without colon", nil}
	}
	if err := s.count(line); err != nil {
		return err
	}
	value = strings.Trim(value, " \t\r")
	switch strings.ToLower(name) {
	case "content-length":
		if h.bodyless() {
			return nil
		}
		return h.setLength(value)
	case "transfer-encoding":
		if h.bodyless() {
			return nil
		}
		return h.setTransferEncoding(value)
	case "connection":
		for option := range strings.SplitSeq(strings.ToLower(value), ",") {
			switch strings.Trim(option, " \t") {
			case "close":
				h.keepAlive = false
			case "keep-alive":
				h.keepAlive = true
			}
		}
	}
	return nil
}

// count keeps a line and bounds how many there are.
func (s *headScanner) count(line []byte) error {
	if s.headers++; s.headers > mostHeaders {
		return tooManyHeaders()
	}
	s.keep(line)
	return nil
}

func tooManyHeaders() error {
	return &transferError{errTooLarge, fmt.Sprintf("Too many response headers, %d is max", mostHeaders), nil}
}

// setLength reads the digits that a length starts with. One that is too large
// is none.
func (h *head) setLength(value string) error {
	digits := value[:len(value)-len(strings.TrimLeft(value, "0123456789"))]
	if digits == "" {
		return &transferError{errWeirdReply, "Invalid Content-Length: value", nil}
	}
	h.length = 0
	for _, digit := range digits {
		if h.length > (math.MaxInt64-int64(digit-'0'))/10 {
			h.length, h.keepAlive = -1, false
			return nil
		}
		h.length = h.length*10 + int64(digit-'0')
	}
	return nil
}

// setTransferEncoding refuses encodings that were not asked for.
func (h *head) setTransferEncoding(value string) error {
	for encoding := range strings.SplitSeq(value, ",") {
		encoding = strings.Trim(encoding, " \t")
		switch {
		case encoding == "":
		case strings.EqualFold(encoding, "chunked"):
			h.chunked = true
		case h.chunked:
			return &transferError{errBadEncoding, "A Transfer-Encoding (" + encoding + ") was listed after chunked", nil}
		case !strings.EqualFold(encoding, "identity"):
			return &transferError{errBadEncoding, "Unsolicited Transfer-Encoding (" + encoding + ") found", nil}
		}
	}
	return nil
}

// canonical returns the head as package net/http reads it without an opinion
// of its own. The header lines are kept elsewhere.
func (h head) canonical() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d \r\n", h.code)
	switch {
	case h.bodyless():
	case h.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	case h.length >= 0:
		fmt.Fprintf(&b, "Content-Length: %d\r\n", h.length)
	}
	if !h.keepAlive {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// emptyReply is the error for a connection that ends with no answer.
func emptyReply(err error) *transferError {
	return &transferError{errGotNothing, "Empty reply from server", err}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
