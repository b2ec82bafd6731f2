package registry

import (
	"fmt"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// sourceKind is the kind of a source that may replace a registry.
type sourceKind int

const (
	registryKind sourceKind = iota
	localRegistryKind
	directoryKind
	gitKind
)

// source is what packages come from: a registry, or what [source] puts in its
// place. For the kinds that are no registry, Index is a path or the URL of a
// git repository.
type source struct {
	Registry
	kind sourceKind
	// reference is the branch, tag or revision of a git repository, as a
	// query.
	reference string
	// fromRegistries is set for a registry that was found by its name in
	// [registries], so that --registry would find it too.
	fromRegistries bool
}

func registrySource(r Registry) source { return source{Registry: r} }

// sourceKey tells sources apart.
type sourceKey struct {
	kind  sourceKind
	index string
}

// key returns what is equal for two sources that are the same, whatever their
// names.
func (s source) key() sourceKey {
	if s.kind == gitKind {
		return sourceKey{s.kind, s.Canonical() + s.reference}
	}
	return sourceKey{s.kind, s.Index}
}

// String returns the source as it stands in Cargo's errors.
func (s source) String() string {
	switch s.kind {
	case localRegistryKind:
		return "registry `" + s.Index + "`"
	case directoryKind:
		return "dir " + s.Index
	case gitKind:
		return s.Index + s.reference
	}
	return s.Registry.String()
}

// check refuses a source that Cargo could not open.
func (s source) check() error {
	if s.kind != registryKind || s.Kind != Sparse {
		return nil
	}
	if !strings.HasSuffix(s.Index, "/") {
		return fmt.Errorf("sparse registry url must end in a slash `/`: %s", s.Index)
	}
	// Cargo panics if the URL is none without its prefix.
	_, err := weburl.Parse(strings.TrimPrefix(s.Index, sparsePrefix))
	return err
}

// sourceMap holds the sources that are known by name, and which of them
// another one replaces.
type sourceMap struct {
	byName map[string]namedSource
	names  map[sourceKey]string
	// first is how each source was first seen: messages show it so.
	first map[sourceKey]source
}

type namedSource struct {
	source
	replaceWith *config.Value[string]
}

// builtInSources returns the map that knows crates.io only.
func builtInSources(c *config.Config) (*sourceMap, error) {
	m := &sourceMap{byName: map[string]namedSource{}, names: map[sourceKey]string{}, first: map[sourceKey]source{}}
	for _, find := range []func(*config.Config) (Registry, error){cratesIO, cratesIOFetched, cratesIOOverridden} {
		r, err := find(c)
		if err != nil {
			return nil, err
		}
		s := source{Registry: r, fromRegistries: true}
		m.byName[cratesIOName] = namedSource{source: s}
		m.names[s.key()] = cratesIOName
		m.first[s.key()] = s
	}
	return m, nil
}

// load follows the replacements of a source to the end and checks what is
// found there.
func (m *sourceMap) load(c *config.Config, s source) (source, error) {
	name, ok := m.names[s.key()]
	if !ok {
		return s, s.check()
	}
	first := name
	seen := map[string]bool{}
	var definition string
	var replacement source
	for {
		named, ok := m.byName[name]
		if !ok {
			// The name of a registry serves as well.
			r, err := original(c, name, true)
			if err != nil {
				return source{}, fmt.Errorf("could not find a configured source with the name `%s` "+
					"when attempting to lookup `%s` (configuration in `%s`)", name, first, definition)
			}
			replacement = source{Registry: r, fromRegistries: true}
			break
		}
		if named.replaceWith == nil {
			replacement = named.source
			break
		}
		seen[name] = true
		name, definition = named.replaceWith.Val, named.replaceWith.Definition.String()
		// Cargo looks for the first name only, and never ends where the cycle
		// leaves that out.
		if seen[name] {
			return source{}, fmt.Errorf("detected a cycle of `replace-with` sources, the source `%s` is eventually "+
				"replaced with itself (configuration in `%s`)", name, definition)
		}
	}
	if replacement.key() == s.key() {
		return s, s.check()
	}
	if err := replacement.check(); err != nil {
		return source{}, err
	}
	if err := s.check(); err != nil {
		return source{}, err
	}
	if replacement.kind == gitKind {
		return source{}, fmt.Errorf("cannot replace `%[1]s` with `%[2]s`, the source `%[1]s` supports checksums, "+
			"but `%[2]s` does not\n\na lock file compatible with `%[1]s` cannot be generated in this situation\n", first, name)
	}
	return replacement, nil
}
