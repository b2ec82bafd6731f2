package registry

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
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
	// replaceWith names the source that stands in its place, if one does.
	replaceWith *config.Value[string]
}

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

// sourceTable is a table [source.NAME].
type sourceTable struct {
	name string
	// ReplaceWith is the name of the source to use instead.
	ReplaceWith *config.Value[string] `toml:"replace-with"`
	// Directory and LocalRegistry are paths, Registry and Git URLs.
	Directory     *config.Value[string] `toml:"directory"`
	Registry      *config.Value[string] `toml:"registry"`
	LocalRegistry *config.Value[string] `toml:"local-registry"`
	Git           *config.Value[string] `toml:"git"`
	// Branch, Tag and Rev belong to Git.
	Branch *config.Value[string] `toml:"branch"`
	Tag    *config.Value[string] `toml:"tag"`
	Rev    *config.Value[string] `toml:"rev"`
}

// sourceMap holds the sources that are known by name.
type sourceMap struct {
	byName map[string]source
	names  map[sourceKey]string
	// first is how each source was first seen: messages show it so.
	first map[sourceKey]source
}

// builtInSources returns the map that knows crates.io only.
func builtInSources(c *config.Config) (*sourceMap, error) {
	m := &sourceMap{byName: map[string]source{}, names: map[sourceKey]string{}, first: map[sourceKey]source{}}
	for _, find := range []func(*config.Config) (Registry, error){cratesIO, cratesIOFetched, cratesIOOverridden} {
		r, err := find(c)
		if err != nil {
			return nil, err
		}
		s := source{Registry: r, fromRegistries: true}
		m.byName[cratesIOName] = s
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
	replacement := m.byName[name]
	seen := map[string]bool{}
	for replacement.replaceWith != nil {
		seen[name] = true
		definition := replacement.replaceWith.Definition
		name = replacement.replaceWith.Val
		// Cargo looks for the first name only, and never ends where the cycle
		// leaves that out.
		if seen[name] {
			return source{}, fmt.Errorf("detected a cycle of `replace-with` sources, the source `%s` is eventually "+
				"replaced with itself (configuration in `%s`)", untrusted.OneLine(name), definition)
		}
		if replacement, ok = m.byName[name]; ok {
			continue
		}
		// The name of a registry serves as well.
		r, err := original(c, name)
		if err != nil {
			return source{}, fmt.Errorf("could not find a configured source with the name `%s` "+
				"when attempting to lookup `%s` (configuration in `%s`)", untrusted.OneLine(name), untrusted.OneLine(first), definition)
		}
		replacement = source{Registry: r, fromRegistries: true}
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

// addConfigured adds the sources of [source]. Each of them is checked, whether
// it is needed or not.
func (m *sourceMap) addConfigured(c *config.Config) error {
	var tables map[string]sourceTable
	if err := c.Table("source", &tables); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table := tables[name]
		table.name = name
		s, err := tableSource(c, table)
		if err != nil {
			return err
		}
		k := s.key()
		if first, ok := m.first[k]; ok {
			s = first
		}
		m.first[k] = s
		// Only crates.io may be defined again: it is there from the beginning.
		if other, ok := m.names[k]; ok && table.name != cratesIOName {
			return fmt.Errorf("source `%s` defines source %s, but that source is already defined by `%s`\n"+
				"note: Sources are not allowed to be defined multiple times.", untrusted.OneLine(table.name), s, untrusted.OneLine(other))
		}
		s.replaceWith = table.ReplaceWith
		m.names[k] = table.name
		m.byName[table.name] = s
	}
	return nil
}

// tableSource returns the source that a table describes.
func tableSource(c *config.Config, table sourceTable) (source, error) {
	var found []source
	if table.Registry != nil {
		s, err := urlSource(table, "registry", table.Registry)
		if err != nil {
			return source{}, err
		}
		s.overridden = overridesCratesIO(c, s.Index)
		found = append(found, s)
	}
	if path := table.LocalRegistry; path != nil {
		found = append(found, pathSource(localRegistryKind, c.ResolvePath(path.Val, path.Definition)))
	}
	if path := table.Directory; path != nil {
		found = append(found, pathSource(directoryKind, c.ResolvePath(path.Val, path.Definition)))
	}
	if table.Git != nil {
		s, err := urlSource(table, "git", table.Git)
		if err != nil {
			return source{}, err
		}
		s.kind, s.Kind = gitKind, Git
		found = append(found, s)
	}
	for _, reference := range []struct {
		key   string
		value *config.Value[string]
	}{{"branch", table.Branch}, {"tag", table.Tag}, {"rev", table.Rev}} {
		switch {
		case reference.value == nil:
		case table.Git == nil:
			return source{}, fmt.Errorf("source definition `source.%s` specifies `%s`, but that requires a `git` key "+
				"to be specified (in %s)", untrusted.OneLine(table.name), reference.key, reference.value.Definition)
		case found[len(found)-1].reference == "":
			found[len(found)-1].reference = "?" + reference.key + "=" + formEncode(reference.value.Val)
		}
	}
	if table.name == cratesIOName && len(found) == 0 {
		r, err := cratesIOFetched(c)
		if err != nil {
			return source{}, err
		}
		found = append(found, source{Registry: r})
	}
	switch len(found) {
	case 0:
		return source{}, fmt.Errorf("no source location specified for `source.%s`, need "+
			"`registry`, `local-registry`, `directory`, or `git` defined", untrusted.OneLine(table.name))
	case 1:
		return found[0], nil
	}
	return source{}, fmt.Errorf("more than one source location specified for `source.%s`", untrusted.OneLine(table.name))
}

func urlSource(table sourceTable, key string, value *config.Value[string]) (source, error) {
	u, err := weburl.Parse(value.Val)
	if err != nil {
		return source{}, fmt.Errorf("configuration key `source.%s.%s` specified an invalid URL (in %s): %w",
			table.name, key, value.Definition, err)
	}
	r, err := fromURL(table.name, u)
	return source{Registry: r}, err
}

// pathSource returns a source in the file system. Cargo keeps the path as a
// URL, which drops empty segments and ".", though not "..".
func pathSource(kind sourceKind, path string) source {
	var segments []string
	for segment := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if segment != "" && segment != "." {
			segments = append(segments, segment)
		}
	}
	clean := strings.Join(segments, "/")
	if strings.HasPrefix(path, "/") {
		clean = "/" + clean
	}
	return source{Registry: Registry{Index: filepath.FromSlash(clean)}, kind: kind}
}

// formEncode encodes as a form on a web page is encoded.
func formEncode(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}
