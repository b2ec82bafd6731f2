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
	"os"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// Kind is the kind of index that a registry has.
type Kind int

const (
	// Sparse is an index of files fetched over HTTP.
	Sparse Kind = iota
	// Git is an index in a git repository.
	Git
)

// cratesIOName is the name of crates.io in configuration and messages.
const cratesIOName = "crates-io"

// The two index URLs of crates.io. The first is its identity: credentials are
// kept under it, and a credential provider is asked for it. The second is where
// its index is fetched from.
const (
	cratesIOIndex       = "https://github.com/rust-lang/crates.io-index"
	cratesIOSparseIndex = "sparse+https://index.crates.io/"
)

// cratesIOOverride is the variable that Cargo's own tests use to fetch the
// index of crates.io from elsewhere.
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
	return r.overridden || r.Index == cratesIOIndex || r.Index == cratesIOSparseIndex
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
	if r.canonical == "" { // not made by this package
		return r.Index
	}
	return r.canonical
}

// Host returns the host of the index URL; empty if it has none.
func (r Registry) Host() string { return r.host }

// Target is the registry that a user means.
type Target struct {
	// Registry is the one whose token is meant. For crates.io its index URL is
	// always the one of its git index.
	Registry Registry
	// Source is where the registry's index is fetched from. It differs from
	// Registry only for crates.io.
	Source Registry
}

// overridesCratesIO reports whether index is the URL that the tests' hook puts
// in the place of crates.io.
func overridesCratesIO(c *config.Config, index string) bool {
	override, ok := c.Env(cratesIOOverride)
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
	if os.MkdirAll(root, 0o777) != nil {
		return
	}
	f, err := os.OpenFile(filepath.Join(root, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return
	}
	_, _ = f.WriteString(cacheTag)
	_ = f.Close()
}
