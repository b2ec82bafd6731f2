package index

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The kinds of SOCKS proxies. To socks4a and socks5h the server's name is given,
// to the others its address.
const (
	socks4  = "socks4"
	socks4a = "socks4a"
	socks5  = "socks5"
	socks5h = "socks5h"
)

func isSOCKS(proxy *url.URL) bool { return strings.HasPrefix(proxy.Scheme, "socks") }

// socksTarget is where a SOCKS proxy is to connect to.
type socksTarget struct {
	host string
	port uint16
}

// askSOCKS asks a SOCKS proxy to connect to a server. What goes wrong in it is
// not tried again.
func askSOCKS(ctx context.Context, conn net.Conn, proxy *url.URL, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	to := socksTarget{host, uint16(number)}
	if proxy.Scheme == socks4 || proxy.Scheme == socks4a {
		return askSOCKS4(ctx, conn, proxy, to)
	}
	return askSOCKS5(ctx, conn, proxy, to)
}

func askSOCKS5(ctx context.Context, conn net.Conn, proxy *url.URL, to socksTarget) error {
	const version, noLogin, withPassword, noneOfThese = 5, 0, 2, 0xff
	greeting := []byte{version, 1, noLogin}
	if proxy.User != nil {
		greeting = []byte{version, 2, noLogin, withPassword}
	}
	method, err := converse(conn, greeting, 2)
	if err != nil {
		return err
	}
	switch {
	case method[0] != version:
		return socksError(nil, "Received invalid version in initial SOCKS5 response.")
	case method[1] == noLogin:
	case method[1] == withPassword:
		if err := logInSOCKS5(conn, proxy.User); err != nil {
			return err
		}
	case method[1] == noneOfThese:
		return socksError(nil, "No authentication method was acceptable.")
	case method[1] == 1:
		return socksError(nil, "SOCKS5 GSSAPI per-message authentication is not supported.")
	default:
		return socksError(nil, "Undocumented SOCKS5 mode attempted to be used by server.")
	}

	request, err := appendSOCKS5Address(ctx, []byte{version, 1, 0}, proxy, to)
	if err != nil {
		return err
	}
	answer, err := converse(conn, append(request, byte(to.port>>8), byte(to.port)), 5)
	if err != nil {
		return err
	}
	switch {
	case answer[0] != version:
		return socksError(nil, "SOCKS5 reply has wrong version, version should be 5.")
	case answer[1] != 0:
		return socksError(nil, "cannot complete SOCKS5 connection to %s. (%d)", to.host, answer[1])
	}
	// The rest is the proxy's own address, of which one byte has been read.
	var rest int
	switch answer[3] {
	case 1:
		rest = net.IPv4len + 2 - 1
	case 3:
		rest = int(answer[4]) + 2
	case 4:
		rest = net.IPv6len + 2 - 1
	default:
		return socksError(nil, "SOCKS5 reply has wrong address type.")
	}
	_, err = converse(conn, nil, rest)
	return err
}

// appendSOCKS5Address appends the address of a server, or its name if the proxy
// is to look that up.
func appendSOCKS5Address(ctx context.Context, request []byte, proxy *url.URL, to socksTarget) ([]byte, error) {
	const isIPv4, isName, isIPv6 = 1, 3, 4
	address, err := netip.ParseAddr(to.host)
	if err != nil && proxy.Scheme == socks5h {
		if len(to.host) > 255 {
			return nil, socksError(nil, "SOCKS5: the destination hostname is too long to be resolved remotely by the proxy.")
		}
		return append(append(request, isName, byte(len(to.host))), to.host...), nil
	}
	if err != nil {
		addresses, err := lookup(ctx, to.host)
		if err != nil {
			return nil, socksNoHost(err, proxy)
		}
		address = addresses[0].Unmap()
	}
	kind := byte(isIPv6)
	if address.Is4() {
		kind = isIPv4
	}
	return append(append(request, kind), address.AsSlice()...), nil
}

// logInSOCKS5 gives the proxy a name and a password, empty ones if it asks for
// them unexpectedly.
func logInSOCKS5(conn net.Conn, user *url.Userinfo) error {
	name := user.Username()
	password, _ := user.Password()
	switch {
	case len(name) > 255:
		return socksError(nil, "Excessive username length for SOCKS5 auth")
	case len(password) > 255:
		return socksError(nil, "Excessive password length for SOCKS5 auth")
	}
	request := append([]byte{1, byte(len(name))}, name...)
	request = append(append(request, byte(len(password))), password...)
	answer, err := converse(conn, request, 2)
	if err == nil && answer[1] != 0 {
		err = socksError(nil, "User was rejected by the SOCKS5 server (%d %d).", answer[0], answer[1])
	}
	return err
}

func askSOCKS4(ctx context.Context, conn net.Conn, proxy *url.URL, to socksTarget) error {
	// This address says that a name follows.
	address := []byte{0, 0, 0, 1}
	if proxy.Scheme == socks4 {
		addresses, err := lookup(ctx, to.host)
		if err != nil {
			return socksNoHost(err, proxy)
		}
		i := slices.IndexFunc(addresses, func(a netip.Addr) bool { return a.Unmap().Is4() })
		if i < 0 {
			return socksError(nil, "SOCKS4 connection to %s not supported", to.host)
		}
		address = addresses[i].Unmap().AsSlice()
	}
	name := proxy.User.Username()
	if len(name) > 255 {
		return socksError(nil, "SOCKS4: too long username")
	}
	request := append([]byte{4, 1, byte(to.port >> 8), byte(to.port)}, address...)
	request = append(append(request, name...), 0)
	if proxy.Scheme == socks4a {
		if len(to.host) > 255 {
			return socksError(nil, "SOCKS4: too long hostname")
		}
		request = append(append(request, to.host...), 0)
	}
	answer, err := converse(conn, request, 8)
	if err != nil {
		return err
	}
	if answer[0] != 0 {
		return socksError(nil, "SOCKS4 reply has wrong version, version should be 0.")
	}
	var reason string
	switch answer[1] {
	case 90:
		return nil
	case 91:
		reason = "request rejected or failed."
	case 92:
		reason = "request rejected because SOCKS server cannot connect to identd on the client."
	case 93:
		reason = "request rejected because the client program and identd report different user-ids."
	default:
		reason = "Unknown."
	}
	return socksError(nil, "cannot complete SOCKS4 connection to %d.%d.%d.%d:%d. (%d), %s",
		answer[4], answer[5], answer[6], answer[7], int(answer[2])<<8|int(answer[3]), answer[1], reason)
}

// converse sends a request and reads an answer of some length.
func converse(conn net.Conn, request []byte, length int) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, socksError(err, "Failed to send SOCKS request")
	}
	answer := make([]byte, length)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, socksError(err, "%s", cmp.Or(reset(err), "connection to proxy closed"))
	}
	return answer, nil
}

// socksNoHost is the error for a server that cannot be looked up. It is curl
// that blames the proxy.
func socksNoHost(cause error, proxy *url.URL) error {
	return socksError(cause, "%s", noSuchProxy+proxy.Hostname())
}

func socksError(cause error, format string, args ...any) error {
	return &transferError{errProxy, fmt.Sprintf(format, args...), cause}
}
