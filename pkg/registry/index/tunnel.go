package index

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// connectProxy opens a connection to a proxy.
func (t *transport) connectProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	conn, err := t.connect(ctx, proxy.Host)
	var failure *transferError
	if errors.As(err, &failure) && failure.code == errResolveHost {
		return nil, &transferError{errResolveProxy, noSuchProxy + proxy.Hostname(), failure.cause}
	}
	if err != nil {
		return nil, err
	}
	if proxy.Scheme != "https" {
		return conn, nil
	}
	encrypted, err := t.proxyTLS().encrypt(ctx, conn, proxy.Hostname())
	if err != nil {
		return nil, err
	}
	return encrypted, nil
}

// tunnel opens a connection to a server through a proxy.
func (t *transport) tunnel(ctx context.Context, proxy *url.URL, address string) (net.Conn, error) {
	conn, err := t.connectProxy(ctx, proxy)
	if err != nil {
		return nil, err
	}
	err = interruptible(ctx, conn, func() error {
		if isSOCKS(proxy) {
			return askSOCKS(ctx, conn, proxy, address)
		}
		return askTunnel(conn, proxy, address, t.userAgent)
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// askTunnel asks an HTTP proxy to connect to a server.
func askTunnel(conn net.Conn, proxy *url.URL, address, userAgent string) error {
	var request strings.Builder
	fmt.Fprintf(&request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", address, address)
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		fmt.Fprintf(&request, "Proxy-Authorization: Basic %s\r\n",
			base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	fmt.Fprintf(&request, "User-Agent: %s\r\nProxy-Connection: Keep-Alive\r\n\r\n", userAgent)
	if _, err := io.WriteString(conn, request.String()); err != nil {
		return aborted(err)
	}
	status, err := tunnelStatus(conn)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return &transferError{errReceive, fmt.Sprintf("CONNECT tunnel failed, response %d", status), nil}
	}
	return nil
}

// tunnelStatus reads a proxy's answer to CONNECT up to the end of its header,
// which is where the tunnel begins whatever the header says. The status of an
// answer that is not HTTP/1 is 0.
func tunnelStatus(conn net.Conn) (status int, err error) {
	total := 0
	for lines := 0; ; lines++ {
		line, err := readLine(conn, longestHead-total)
		if err != nil {
			return 0, err
		}
		if line == "" {
			return status, nil
		}
		if lines == mostHeaders {
			return 0, tooManyHeaders()
		}
		total += len(line) + len("\r\n")
		version, rest, _ := strings.Cut(line, " ")
		code, _, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(code, 10, 16); err == nil && len(code) == 3 && (version == "HTTP/1.1" || version == "HTTP/1.0") {
			status = int(n)
		}
	}
}

// readLine reads a line and not a byte more: what follows the header is for
// others.
func readLine(conn net.Conn, limit int) (string, error) {
	var line []byte
	var b [1]byte
	for {
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			return "", aborted(err)
		}
		if b[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if line = append(line, b[0]); len(line) > limit {
			return "", &transferError{errTooLarge, fmt.Sprintf("Too large response headers: %d > %d", longestHead+1, longestHead), nil}
		}
	}
}

// aborted is the error for a proxy that breaks off.
func aborted(err error) error {
	return &transferError{errReceive, cmp.Or(reset(err), "Proxy CONNECT aborted"), err}
}
