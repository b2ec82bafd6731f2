package registry

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// withConfigured returns the map with the sources of [source] added. Each of
// them is checked, whether it is needed or not.
func (m *sourceMap) withConfigured(c *config.Config) (*sourceMap, error) {
	tables, err := c.Sources()
	if err != nil {
		return nil, err
	}
	all := &sourceMap{byName: maps.Clone(m.byName), names: maps.Clone(m.names), first: maps.Clone(m.first)}
	for _, table := range tables {
		s, err := tableSource(c, table)
		if err != nil {
			return nil, err
		}
		if err := all.add(table, s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (m *sourceMap) add(table config.Source, s source) error {
	// Messages show a source as it was first seen.
	k := s.key()
	if first, ok := m.first[k]; ok {
		s = first
	}
	m.first[k] = s
	// Only crates.io may be defined again: it is there from the beginning.
	if other, ok := m.names[k]; ok && table.Name != cratesIOName {
		return fmt.Errorf("source `%s` defines source %s, but that source is already defined by `%s`\n"+
			"note: Sources are not allowed to be defined multiple times.", table.Name, s, other)
	}
	m.names[k] = table.Name
	m.byName[table.Name] = namedSource{source: s, replaceWith: table.ReplaceWith}
	return nil
}

// tableSource returns the source that a table describes.
func tableSource(c *config.Config, table config.Source) (source, error) {
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
		s.reference = gitReference(table)
		found = append(found, s)
	} else if err := checkNoReference(table); err != nil {
		return source{}, err
	}
	if table.Name == cratesIOName && len(found) == 0 {
		r, err := cratesIOFetched(c)
		if err != nil {
			return source{}, err
		}
		found = append(found, registrySource(r))
	}
	switch len(found) {
	case 0:
		return source{}, fmt.Errorf("no source location specified for `source.%s`, need "+
			"`registry`, `local-registry`, `directory`, or `git` defined", table.Name)
	case 1:
		return found[0], nil
	}
	return source{}, fmt.Errorf("more than one source location specified for `source.%s`", table.Name)
}

func urlSource(table config.Source, key string, value *config.Value[string]) (source, error) {
	u, err := weburl.Parse(value.Val)
	if err != nil {
		return source{}, fmt.Errorf("configuration key `source.%s.%s` specified an invalid URL (in %s): %w",
			table.Name, key, value.Definition, err)
	}
	r, err := fromURL(table.Name, u)
	return registrySource(r), err
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

// gitReference returns what of a git repository is meant, as Cargo adds it to
// the URL.
func gitReference(table config.Source) string {
	switch {
	case table.Branch != nil:
		return "?branch=" + formEncode(table.Branch.Val)
	case table.Tag != nil:
		return "?tag=" + formEncode(table.Tag.Val)
	case table.Rev != nil:
		return "?rev=" + formEncode(table.Rev.Val)
	}
	return ""
}

// formEncode encodes as a form on a web page is encoded.
func formEncode(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

func checkNoReference(table config.Source) error {
	for _, reference := range []struct {
		key   string
		value *config.Value[string]
	}{{"branch", table.Branch}, {"tag", table.Tag}, {"rev", table.Rev}} {
		if reference.value != nil {
			return fmt.Errorf("source definition `source.%s` specifies `%s`, but that requires a `git` key "+
				"to be specified (in %s)", table.Name, reference.key, reference.value.Definition)
		}
	}
	return nil
}
