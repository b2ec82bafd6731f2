package index

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
)

// cutOff is how an encrypted connection ends without the words of TLS for it,
// in those of the library that Cargo carries.
const cutOff = "OpenSSL SSL_read: OpenSSL/3.5.4: error:0A000126:SSL routines::unexpected eof while reading, errno 0"

// encryptedConn tells a connection whose other side says that it ends from one
// that was cut off by whoever it is.
type encryptedConn struct {
	*tls.Conn
	below *endingConn
}

func (c *encryptedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if (err == io.EOF || err == io.ErrUnexpectedEOF) && c.below.ended.Load() {
		err = &transferError{errReceive, cutOff, err}
	}
	return n, err
}

// endingConn knows whether the connection itself has ended.
type endingConn struct {
	net.Conn
	ended atomic.Bool
}

func (c *endingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF {
		c.ended.Store(true)
	}
	return n, err
}
