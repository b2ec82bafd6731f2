// Package registry finds the registry that a name means, as Cargo does: its index
// URL, and the configuration of its credentials.
//
// It reads configuration only. Package
// [github.com/cargo-auth/cargo-auth/pkg/registry/index] asks a registry's index.
//
//	r, err := registry.Resolve(cfg, name) // "" means the default registry
//	credentials, err := registry.Credentials(cfg, r)
package registry

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
)

// ErrNoToken means that there is no token for a registry. To errors.Is, every error
// of the library that says so is this one. Its text is that of a credential provider.
var ErrNoToken = errors.New("credential not found")

// Challenge is what a registry said when it asked for a token.
type Challenge struct {
	// Headers are the header lines of the response, with names in lower case.
	Headers []string
}

// cratesIOName is the name of crates.io in configuration and messages.
const cratesIOName = "crates-io"

// The two index URLs of crates.io. Cargo keeps credentials under the first, and
// fetches the index from the second.
const (
	cratesIOIndex       = "https://github.com/rust-lang/crates.io-index"
	cratesIOSparseIndex = "sparse+https://index.crates.io/"
)

// sparsePrefix begins the URL of a sparse index. It is part of the URL's scheme,
// which the WHATWG rules then do not know: the host keeps its case, and a default
// port stays.
const sparsePrefix = "sparse+"

// Registry is a registry with its index URL. [New] and [Resolve] make one. The
// zero Registry is none.
type Registry struct {
	name, index, canonical string
	isCratesIO             bool
	// source is where the index is fetched from, if that is another URL.
	source *Registry
}

// New returns the registry with an index URL, which is normalised by the WHATWG
// rules, and a name. The name is empty if only the URL is known.
func New(name, index string) (Registry, error) {
	u, err := weburl.Parse(index)
	if err != nil {
		return Registry{}, err
	}
	return newRegistry(name, u)
}

func newRegistry(name string, u *weburl.URL) (Registry, error) {
	if u.OpaquePath() {
		return Registry{}, fmt.Errorf("invalid url `%s`: cannot-be-a-base-URLs are not supported", u.Href(false))
	}
	index := u.Href(false)
	isCratesIO := index == cratesIOIndex || index == cratesIOSparseIndex
	return Registry{name: name, index: index, canonical: canonical(u), isCratesIO: isCratesIO}, nil
}

// Name returns the registry's name in the configuration; empty if only its URL is
// known.
func (r Registry) Name() string { return r.name }

// String returns the registry's name, or its index URL if it has no name.
func (r Registry) String() string {
	if r.name != "" {
		return r.name
	}
	return r.index
}

// Index returns the index URL as Cargo prints it and as credential providers get
// it. That of crates.io is always the URL of its git index.
func (r Registry) Index() string { return r.index }

// Source returns the registry with the URL that its index is fetched from as its
// index URL. The two differ only for crates.io.
func (r Registry) Source() Registry {
	if r.source != nil {
		return *r.source
	}
	return r
}

// IsSparse reports whether the index is fetched as single files over HTTP. Any other
// is a git repository.
func (r Registry) IsSparse() bool { return strings.HasPrefix(r.Source().index, sparsePrefix) }

// IsCratesIO reports whether the registry is crates.io, under any name and by
// either of its index URLs.
func (r Registry) IsCratesIO() bool { return r.isCratesIO }

// Canonical returns the index URL in the form in which Cargo compares registries:
// two registries are the same if it is equal. It lacks one trailing slash. That of
// a git index also lacks a final ".git", and on github.com its scheme is https and
// its path in lower case. It is no URL to fetch from.
func (r Registry) Canonical() string { return r.canonical }

// canonical leaves the final ".git" and the case of sparse indexes alone: their URLs
// are paths on a server, where the two spellings can be two registries.
func canonical(u *weburl.URL) string {
	u = u.Clone()
	path := u.Pathname()
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if !strings.Contains(u.Scheme(), "+") {
		if u.Hostname() == "github.com" {
			https, err := weburl.Parse("https" + strings.TrimPrefix(u.Href(false), u.Scheme()))
			if err == nil {
				u = https
			}
			path = strings.ToLower(path)
		}
		if strings.HasSuffix(path, ".git") {
			path = withoutGit(path)
		}
	}
	if path != u.Pathname() {
		u.SetPathname(path)
	}
	return u.Href(false)
}

// withoutGit drops ".git" from the end of a path. Like Rust's url library it then
// encodes the last segment again: a percent sign becomes "%25", and "." and ".."
// vanish.
func withoutGit(path string) string {
	slash := strings.LastIndexByte(path, '/')
	parent := path[:slash]
	last := strings.TrimSuffix(path[slash+1:], ".git")
	if last == "." || last == ".." {
		return parent
	}
	return parent + "/" + strings.ReplaceAll(last, "%", "%25")
}

// ValidateName checks that a registry may have a name: letters, digits, "-" and "_"
// as Unicode's identifiers (UAX #31) allow them, with neither a digit nor "-" in
// front. It does not look for letters that normalisation takes out of identifiers.
func ValidateName(name string) error {
	if name == "" {
		return errors.New("registry name cannot be empty")
	}
	for i, r := range name {
		var reason string
		switch {
		case i > 0 && (r == '-' || isXIDContinue(r)):
		case i > 0:
			reason = "characters must be Unicode XID characters (numbers, `-`, `_`, or most letters)"
		case '0' <= r && r <= '9':
			reason = "the name cannot start with a digit"
		case r != '_' && !isXIDStart(r):
			reason = "the first character must be a Unicode XID start character (most letters or `_`)"
		}
		if reason != "" {
			return fmt.Errorf("invalid character `%s` in registry name: `%s`, %s", untrusted.OneLine(string(r)), untrusted.OneLine(name), reason)
		}
	}
	return nil
}

// isXIDStart reports whether an identifier may begin with r.
func isXIDStart(r rune) bool { return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) }

// isXIDContinue reports whether r may stand after the beginning of an identifier.
func isXIDContinue(r rune) bool {
	return isXIDStart(r) || unicode.In(r, unicode.Other_ID_Continue, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc)
}
