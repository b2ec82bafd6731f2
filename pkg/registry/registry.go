// Package registry says which registry is meant: from a name, a default or
// neither to its index URL, and from an index URL to the configuration that
// holds its credentials. It decides as Cargo does, and in Cargo's order.
//
// It reads configuration only. What a registry's index says of itself is in
// package [github.com/cargo-auth/cargo-auth/pkg/registry/index].
//
//	target, err := registry.Resolve(cfg, name) // "" is the default registry
//	credentials, err := registry.Credentials(cfg, target.Registry)
package registry

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Kind is the kind of index that a registry has.
type Kind int

const (
	// Sparse is an index of files fetched over HTTP.
	Sparse Kind = iota
	// Git is an index in a git repository.
	Git
)

// ErrNoToken means that there is no token for a registry. To errors.Is, every error
// of the library that says so is this one. Its text is that of a credential provider.
var ErrNoToken = errors.New("credential not found")

// cratesIOName is the name of crates.io in configuration and messages.
const cratesIOName = "crates-io"

// The two index URLs of crates.io. The first is its identity: credentials are
// kept under it, and a credential provider is asked for it. The second is where
// its index is fetched from.
const (
	cratesIOIndex       = "https://github.com/rust-lang/crates.io-index"
	cratesIOSparseIndex = "sparse+https://index.crates.io/"
)

// cratesIOOverride is what Cargo's own tests fetch the index of crates.io from.
const cratesIOOverride = "__CARGO_TEST_CRATES_IO_URL_DO_NOT_USE_THIS"

// Registry is one registry, made by [New] or [Resolve], which parse its index
// URL. Two registries are the same if their [Registry.Canonical] URLs are equal,
// whatever their names.
type Registry struct {
	// Name is the registry's name in the configuration; empty if it is known
	// by its URL only.
	Name string
	// Index is the index URL as Cargo prints it: normalised, and with the
	// "sparse+" of a sparse index.
	Index string
	Kind  Kind

	canonical, host string
	// overridden is set if Index is what the tests' hook put in the place of
	// crates.io.
	overridden bool
}

// New returns the registry with the given name, which may be empty, and index
// URL. The URL is normalised by the WHATWG rules.
func New(name, index string) (Registry, error) {
	u, err := weburl.Parse(index)
	if err != nil {
		return Registry{}, err
	}
	return fromURL(name, u)
}

// IsCratesIO reports whether the registry is crates.io, under whichever name
// and by whichever of its two index URLs it was configured.
func (r Registry) IsCratesIO() bool {
	r = r.parsed()
	return r.overridden || r.Index == cratesIOIndex || r.Index == cratesIOSparseIndex
}

// parsed returns the registry with what is known from its URL, which a caller may
// have put together by hand.
func (r Registry) parsed() Registry {
	if r.canonical == "" {
		if parsed, err := New(r.Name, r.Index); err == nil {
			return parsed
		}
	}
	return r
}

// DisplayName returns the registry's name, or its URL if it has none.
func (r Registry) DisplayName() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Index
}

// String returns the registry as it stands in Cargo's errors: "registry `x`".
func (r Registry) String() string { return "registry `" + r.DisplayName() + "`" }

// IndexName returns the registry's index as it stands in Cargo's status lines:
// "`x` index", or "crates.io index".
func (r Registry) IndexName() string {
	if r.IsCratesIO() {
		return "crates.io index"
	}
	return "`" + r.DisplayName() + "` index"
}

// Canonical returns the index URL in the form in which Cargo compares two of
// them: without one trailing slash, and in git's case also without a final
// ".git", and for the host github.com with https and a lower-case path. A sparse
// index keeps both: its URL with and without ".git" are two registries. It is for
// comparing, not for fetching.
func (r Registry) Canonical() string {
	if r = r.parsed(); r.canonical == "" {
		return r.Index // which is no URL
	}
	return r.canonical
}

// Host returns the host of the index URL; empty if it has none.
func (r Registry) Host() string { return r.parsed().host }

// Target is the registry that a user means.
type Target struct {
	// Registry is the one whose token is meant. For crates.io its index URL is
	// always the one of its git index.
	Registry Registry
	// Source is where the registry's index is fetched from. It differs from
	// Registry only for crates.io.
	Source Registry
}

// overridesCratesIO reports whether index is that of the tests' hook.
func overridesCratesIO(c *config.Config, index string) bool {
	override, ok := system.LookupEnv(c.Environ, cratesIOOverride)
	return ok && override == index
}

// cacheTag marks a directory as one that backups may leave out.
const cacheTag = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by cargo.
# For information about cache directory tags see https://bford.info/cachedir/
`

// MarkCache makes the directory in a Cargo home that holds the caches of all
// registries, and marks it as a cache. Cargo does so whenever it opens a
// registry, since 1.96 also for a logout. Failures show when something is to be
// put there.
func MarkCache(home string) {
	root := filepath.Join(home, "registry")
	_ = os.MkdirAll(root, 0o777)
	f, err := os.OpenFile(filepath.Join(root, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, _ = f.WriteString(cacheTag)
		_ = f.Close()
	}
}

// sparsePrefix marks the URL of a sparse index. It is part of the URL's
// scheme, which makes the scheme one that the WHATWG rules do not know: the
// host keeps its case, and a default port stays.
const sparsePrefix = "sparse+"

// fromURL returns the registry whose index is at u.
func fromURL(name string, u *weburl.URL) (Registry, error) {
	if u.OpaquePath() {
		return Registry{}, fmt.Errorf("invalid url `%s`: cannot-be-a-base-URLs are not supported", u.Href(false))
	}
	r := Registry{Name: name, Index: u.Href(false), Kind: Git, canonical: canonical(u), host: u.Hostname()}
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

// canonical returns u in the form in which two URLs are compared. What git
// servers do with ".git" and GitHub with upper case holds for git alone: any other
// index has a "+" in its scheme, and is served by a server to which they may be two.
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

// withoutGit drops ".git" from the end of a path. What is left of the last
// segment is encoded again, as Rust's url library does when a segment is put
// back: a percent sign in it becomes "%25", and "." and ".." vanish.
func withoutGit(path string) string {
	slash := strings.LastIndexByte(path, '/')
	parent := path[:slash]
	last := strings.TrimSuffix(path[slash+1:], ".git")
	if last == "." || last == ".." {
		return parent
	}
	return parent + "/" + strings.ReplaceAll(last, "%", "%25")
}

// ValidateName checks that a name may be a registry's: letters, digits, "-"
// and "_" as Unicode's identifiers (UAX #31) have them, beginning with neither
// a digit nor "-".
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

// isXIDStart reports whether r may begin an identifier.
func isXIDStart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) &&
		!unicode.Is(notXID, r) && !slices.Contains(continueOnly, r)
}

// isXIDContinue reports whether r may stand within an identifier.
func isXIDContinue(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start, unicode.Other_ID_Continue,
		unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, laterContinue) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) &&
		!unicode.Is(notXID, r)
}

// notXID are the letters that compatibility normalisation turns into something
// that is no identifier; the XID properties leave them out.
var notXID = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x037a, Hi: 0x037a, Stride: 1},
	{Lo: 0x309b, Hi: 0x309c, Stride: 1},
	{Lo: 0xfc5e, Hi: 0xfc63, Stride: 1},
	{Lo: 0xfdfa, Hi: 0xfdfb, Stride: 1},
	{Lo: 0xfe70, Hi: 0xfe7e, Stride: 2},
}}

// continueOnly are the letters that normalisation makes begin with a mark.
var continueOnly = []rune{0x0e33, 0x0eb3, 0xff9e, 0xff9f}

// laterContinue are the characters that became part of identifiers with
// Unicode 15.1, which the standard library does not know yet.
var laterContinue = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x200c, Hi: 0x200d, Stride: 1},
	{Lo: 0x30fb, Hi: 0x30fb, Stride: 1},
	{Lo: 0xff65, Hi: 0xff65, Stride: 1},
}}
