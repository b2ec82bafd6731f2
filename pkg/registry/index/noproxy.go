package index

import (
	"net/netip"
	"strconv"
	"strings"
)

// isWithoutProxy reports whether a list as in no_proxy names a host. The rules
// are curl's: the host itself, a domain above it, or an IPv4 network; a list
// that is only "*" names all; what follows a blank without a comma is not read.
func isWithoutProxy(host, list string) bool {
	if list == "*" {
		return true
	}
	address, err := netip.ParseAddr(host)
	isIPv4 := err == nil && address.Is4()
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimLeft(item, " \t")
		entry := item
		if end := strings.IndexAny(item, " \t"); end >= 0 {
			entry = item[:end]
		}
		if isIPv4 && inNetwork(address, entry) || !isIPv4 && inDomain(host, entry) {
			return true
		}
		if strings.Trim(item[len(entry):], " \t") != "" {
			return false
		}
	}
	return false
}

// inDomain reports whether a host is a domain or in it.
func inDomain(host, domain string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	domain = strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(domain, "."), "."))
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// inNetwork reports whether an address is another, or in a network. A network
// of no bits is its address.
func inNetwork(address netip.Addr, network string) bool {
	text, length, _ := strings.Cut(network, "/")
	other, err := netip.ParseAddr(text)
	if err != nil || !other.Is4() {
		return false
	}
	bits := other.BitLen()
	if n, _ := strconv.Atoi(length); n != 0 {
		bits = n
	}
	prefix, err := other.Prefix(bits)
	return err == nil && prefix.Contains(address)
}
