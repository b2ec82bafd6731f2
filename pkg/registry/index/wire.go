package index

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// headerConn stands between a connection and package net/http. It reads the
// answers as curl does, gives net/http no more of a head than how the body
// ends, and keeps the header lines as the server sent them: credential
// providers get them so.
//
// Before the first request is expected, and for ever if none is, what comes is
// passed on as it is: a proxy is spoken to in its own way.
type headerConn struct {
	net.Conn
	in *bufio.Reader

	mu    sync.Mutex
	asked int
	lines []string

	// What follows belongs to Read.
	answered int
	body     func() ([]byte, error)
	pending  []byte
	failure  error
}

func newHeaderConn(conn net.Conn) *headerConn {
	return &headerConn{Conn: conn, in: bufio.NewReader(conn)}
}

// expect says that a request is on its way, and forgets the last answer.
func (c *headerConn) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	c.lines = nil
}

func (c *headerConn) requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// headers returns the header lines that have come for the last request.
func (c *headerConn) headers() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}

// keep keeps a line in Cargo's form, "name: value", if it has a colon.
func (c *headerConn) keep(line []byte) {
	name, value, ok := strings.Cut(strings.TrimRight(string(line), " \t\r"), ":")
	if ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lines = append(c.lines, name+": "+strings.TrimSpace(value))
	}
}

// Read reads what net/http is to know of the answers.
func (c *headerConn) Read(p []byte) (int, error) {
	if len(c.pending) == 0 && c.failure == nil {
		c.pending, c.failure = c.next()
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	if len(c.pending) > 0 {
		return n, nil
	}
	return n, c.failure
}

// next returns what comes next, and the error that follows it.
func (c *headerConn) next() ([]byte, error) {
	if c.body != nil {
		return c.body()
	}
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	switch requests := c.requests(); requests {
	case 0:
		return buffered(c.in, longestHead)
	case c.answered:
		// Nobody asked for this. The connection is of no use any more.
		return nil, io.EOF
	}
	return c.answer()
}

// answer reads the head of an answer and prepares for its body.
func (c *headerConn) answer() ([]byte, error) {
	scanner := &headScanner{r: c.in, reused: c.answered > 0, keep: c.keep}
	c.answered++
	h, err := scanner.scan()
	if err != nil {
		// The beginning shows net/http that there was an answer: a request that
		// got none on a connection in use is sent again.
		return []byte("HTTP/1.1 200 \r\n"), err
	}
	switch {
	case h.bodyless():
		return h.canonical(), c.surplus()
	case h.chunked:
		c.body = c.chunks(&chunkScanner{head: scanner})
	case h.length >= 0:
		if h.length == 0 {
			return h.canonical(), c.surplus()
		}
		c.body = c.counted(h.length)
	default:
		c.body = func() ([]byte, error) { return buffered(c.in, longestHead) }
	}
	return h.canonical(), nil
}

// counted returns a body of known length.
func (c *headerConn) counted(left int64) func() ([]byte, error) {
	return func() ([]byte, error) {
		part, err := buffered(c.in, left)
		if left -= int64(len(part)); left > 0 || err != nil {
			return part, err
		}
		c.body = nil
		return part, c.surplus()
	}
}

// chunks returns a body in chunks, in chunks of our own.
func (c *headerConn) chunks(s *chunkScanner) func() ([]byte, error) {
	return func() ([]byte, error) {
		part, err := s.next()
		if err == io.EOF {
			c.body = nil
			return []byte("0\r\n\r\n"), c.surplus()
		}
		if err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, "%x\r\n%s\r\n", len(part), part), nil
	}
}

// surplus ends a connection on which more has come than an answer: what would
// follow is no answer to the next request.
func (c *headerConn) surplus() error {
	if c.in.Buffered() > 0 {
		return io.EOF
	}
	return nil
}

// buffered returns what has arrived, or waits for something to arrive, but no
// more than most bytes.
func buffered(r *bufio.Reader, most int64) ([]byte, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	part := make([]byte, min(int64(r.Buffered()), most))
	_, err := r.Read(part)
	return part, err
}

// responseLines returns the header lines of an answer of whose connection only
// net/http knows.
func responseLines(resp *http.Response) []string {
	var lines []string
	for name, values := range resp.Header {
		for _, value := range values {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	slices.Sort(lines)
	return lines
}

// textLines returns the lines that are text: Cargo knows no others.
func textLines(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return !utf8.ValidString(line) })
}

// headerValues returns the values of a header by its name in lower case.
func headerValues(lines []string, name string) []string {
	var values []string
	for _, line := range lines {
		if other, value, _ := strings.Cut(line, ": "); strings.EqualFold(other, name) {
			values = append(values, value)
		}
	}
	return values
}
