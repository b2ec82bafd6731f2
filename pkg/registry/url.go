package registry

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// sparsePrefix marks the URL of a sparse index. It is part of the URL's
// scheme, which makes the scheme one that the WHATWG rules do not know: the
// host keeps its case, and a default port stays.
const sparsePrefix = "sparse+"

// fromURL returns the registry whose index is at u.
func fromURL(name string, u *weburl.URL) (Registry, error) {
	if u.OpaquePath() {
		return Registry{}, fmt.Errorf("invalid url `%s`: cannot-be-a-base-URLs are not supported", u.Href(false))
	}
	r := Registry{Name: name, Index: u.Href(false), Kind: Git}
	if strings.HasPrefix(r.Index, sparsePrefix) {
		r.Kind = Sparse
	}
	return r, nil
}

// indexURL parses a configured index URL.
func indexURL(s, dir string) (*weburl.URL, error) {
	// Without a scheme it is refused before it could be taken as relative.
	u, err := weburl.Parse(s)
	if err == nil && u.Scheme() == "file" {
		u, err = weburl.ParseInDir(s, dir)
	}
	if err != nil {
		return nil, err
	}
	if u.Password() != "" {
		return nil, errors.New("registry URLs may not contain passwords")
	}
	return u, nil
}

// canonical returns u in the form in which two URLs are compared.
func canonical(u *weburl.URL) string {
	u = u.Clone()
	path := u.Pathname()
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if u.Hostname() == "github.com" {
		https, err := weburl.ParseBare("https" + strings.TrimPrefix(u.Href(false), u.Scheme()))
		if err == nil {
			u = https
		}
		path = strings.ToLower(path)
	}
	if strings.HasSuffix(path, ".git") {
		path = withoutGit(path)
	}
	if path != u.Pathname() {
		u.SetPathname(path)
	}
	return u.Href(false)
}

// plainCanonical is [Registry.Canonical] of an index URL in which no rule of URLs
// changes or refuses anything, as in most of them; it is much faster. ok is false
// for all others.
func plainCanonical(index string) (canonical string, ok bool) {
	rest, isSparse := strings.CutPrefix(index, sparsePrefix)
	scheme, rest, _ := strings.Cut(rest, "://")
	authority, path, found := strings.Cut(rest, "/")
	host, port, hasPort := strings.Cut(authority, ":")
	switch {
	case scheme != "https" && scheme != "http", !found, isSparse && path != "" && !strings.HasSuffix(path, "/"):
		return "", false
	case !isPlainHost(host), hasPort && !isPlainPort(port), !all(path, isPathByte):
		return "", false
	}
	if path == "" {
		return index, true
	}
	return strings.TrimSuffix(index, "/"), true
}

func isPlainHost(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case last == "", host[0] == '.', strings.Contains(host, ".."), strings.Contains(host, "--"), host == "github.com":
		return false
	case last[0] < 'a':
		// It may be an IPv4 address, perhaps in another form than usual.
		address, err := netip.ParseAddr(host)
		return err == nil && address.Is4()
	}
	return all(host, isHostByte)
}

// isPlainPort reports whether a port is one that no scheme would leave out.
func isPlainPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && port[0] != '0' && number != 80 && number != 443
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// isHostByte and isPathByte report whether no rule changes a byte of a host or a
// path.
func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.'
}

func isPathByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '/'
}

// withoutGit drops ".git" from the end of a path. What is left of the last
// segment is encoded again, as Rust's url library does when a segment is put
// back: a percent sign in it becomes "%25", and "." and ".." vanish.
func withoutGit(path string) string {
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return path
	}
	parent := path[:slash]
	last := strings.TrimSuffix(path[slash+1:], ".git")
	if last == "." || last == ".." {
		return parent
	}
	return parent + "/" + strings.ReplaceAll(last, "%", "%25")
}
