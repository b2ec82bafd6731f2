package index

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// dialPlain opens a connection and keeps the headers that come over it.
func (t *transport) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return newHeaderConn(conn), nil
}

// connect opens a connection within the time that is allowed for it.
func (t *transport) connect(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := t.withTimeout(ctx)
	defer cancel()
	start := time.Now()
	conn, err := t.dial(ctx, network, address)
	if err != nil {
		host, port, _ := net.SplitHostPort(address)
		return nil, connectError(err, host, port, time.Since(start))
	}
	return conn, nil
}

// dialTLS opens an encrypted connection.
func (t *transport) dialTLS(ctx context.Context, network, address string, settings *tls.Config) (net.Conn, error) {
	start := time.Now()
	conn, err := t.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	settings = settings.Clone()
	settings.ServerName, _, _ = net.SplitHostPort(address)
	ending := &endingConn{Conn: conn}
	encrypted := tls.Client(ending, settings)
	ctx, cancel := t.withTimeout(ctx)
	defer cancel()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, handshakeError(err, time.Since(start))
	}
	if encrypted.ConnectionState().NegotiatedProtocol == "h2" {
		// HTTP/2 needs the connection itself; its headers have no spelling of
		// their own to keep.
		return encrypted, nil
	}
	return newHeaderConn(&encryptedConn{encrypted, ending}), nil
}

func (t *transport) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, t.timeout)
}
