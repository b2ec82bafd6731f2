package index

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// countingConn counts what goes through a connection, for the speed limit.
type countingConn struct {
	net.Conn
	count *atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count.Add(int64(n))
	return n, err
}

// longestHeader bounds the header of an answer, as curl does.
const longestHeader = 300 << 10

// headerConn keeps the header lines of an answer as the server sent them:
// credential providers get them so, and package net/http forgets their order
// and their spelling.
type headerConn struct {
	net.Conn
	mu       sync.Mutex
	head     []byte
	complete bool
}

func (c *headerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.complete && len(c.head) <= longestHeader {
		c.head = append(c.head, p[:n]...)
		c.complete = c.finish()
	}
	return n, err
}

// finish reports whether the header is complete, and cuts off what follows it.
// Answers that only announce another are dropped.
func (c *headerConn) finish() bool {
	for {
		end := bytes.Index(c.head, []byte("\r\n\r\n"))
		if end < 0 {
			return false
		}
		if _, status, _ := bytes.Cut(c.head, []byte(" ")); !bytes.HasPrefix(status, []byte("1")) {
			c.head = c.head[:end]
			return true
		}
		c.head = c.head[end+4:]
	}
}

// expect forgets the last answer: a request for another one is on its way.
func (c *headerConn) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head, c.complete = nil, false
}

func (c *headerConn) lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return headerLines(c.head)
}

// headerLines returns the header's lines in Cargo's form, "name: value". Lines
// that are no text, or have no colon, are left out.
func headerLines(head []byte) []string {
	var lines []string
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		name, value, ok := strings.Cut(strings.TrimRight(string(line), " \t\r"), ":")
		if ok && utf8.Valid(line) {
			lines = append(lines, name+": "+strings.TrimSpace(value))
		}
	}
	return lines
}

// responseLines is headerLines for an answer of whose connection only net/http
// knows.
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
