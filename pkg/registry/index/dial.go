package index

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// longestConnect is how long curl lets a connection take if no time is set.
const longestConnect = 300 * time.Second

// open opens a connection to a server, directly or through a proxy's tunnel.
func (t *transport) open(ctx context.Context, scheme, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return t.inTime(ctx, func(ctx context.Context) (net.Conn, error) {
		proxy, err := t.proxies.forServer(scheme, host)
		if err != nil {
			return nil, err
		}
		var conn net.Conn
		if proxy == nil {
			conn, err = t.connect(ctx, address)
		} else {
			conn, err = t.tunnel(ctx, proxy, address)
		}
		if err != nil {
			return nil, err
		}
		if scheme != "https" {
			return newHeaderConn(conn), nil
		}
		encrypted, err := t.tls().encrypt(ctx, conn, host)
		if err != nil {
			return nil, err
		}
		if encrypted.ConnectionState().NegotiatedProtocol == "h2" {
			// HTTP/2 needs the connection itself; its headers have no spelling
			// of their own to keep.
			return encrypted, nil
		}
		return newHeaderConn(encrypted), nil
	})
}

// openProxy opens a connection to the proxy that forwards requests.
func (t *transport) openProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	return t.inTime(ctx, func(ctx context.Context) (net.Conn, error) {
		conn, err := t.connectProxy(ctx, proxy)
		if err != nil {
			return nil, err
		}
		return newHeaderConn(conn), nil
	})
}

// inTime opens a connection within the time that is allowed for all that
// belongs to it: names, proxies, and TLS.
func (t *transport) inTime(ctx context.Context, open func(context.Context) (net.Conn, error)) (net.Conn, error) {
	allowed := t.timeout
	if allowed == 0 {
		allowed = longestConnect
	}
	start := time.Now()
	bounded, cancel := context.WithTimeout(ctx, allowed)
	defer cancel()
	conn, err := open(bounded)
	if err != nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		text := fmt.Sprintf("Connection timed out after %d milliseconds", time.Since(start).Milliseconds())
		return nil, &transferError{errTimeout, text, err}
	}
	return conn, err
}

// connect opens a connection to a host.
func (t *transport) connect(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	addresses := []string{address}
	if isLocalhost(host) {
		addresses = addresses[:0]
		for _, local := range loopback {
			addresses = append(addresses, net.JoinHostPort(local.String(), port))
		}
	}
	var conn net.Conn
	for _, address := range addresses {
		if conn, err = t.dial(ctx, "tcp", address); err == nil {
			return conn, nil
		}
	}
	var noName *net.DNSError
	if errors.As(err, &noName) {
		return nil, &transferError{errResolveHost, noSuchHost + host, err}
	}
	return nil, &transferError{errConnect, fmt.Sprintf("Failed to connect to %s port %s after %d ms: Could not connect to server",
		host, port, time.Since(start).Milliseconds()), err}
}

const (
	noSuchHost  = "Could not resolve host: "
	noSuchProxy = "Could not resolve proxy: "
)

// loopback is what localhost is, in the order in which it is tried.
var loopback = []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}

// isLocalhost reports whether a name is this machine's, of which no resolver is
// asked: it might know another machine of that name, or none.
func isLocalhost(host string) bool {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// lookup returns the addresses of a host.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	if isLocalhost(host) {
		return loopback, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// interruptible speaks over a connection until the context ends.
func interruptible(ctx context.Context, conn net.Conn, speak func() error) error {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	err := speak()
	if !stop() {
		<-interrupted
		return ctx.Err()
	}
	return err
}
