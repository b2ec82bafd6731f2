package registry

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This chapter finds the registry that a name means. Source replacement may put
// another source in place of crates.io.

// UnknownRegistryError says that no configuration has an index for a registry.
type UnknownRegistryError struct{ Name string }

// Error says so in Cargo's words.
func (e *UnknownRegistryError) Error() string {
	return "registry index was not found in any configuration: `" + e.Name + "`"
}

// ReplacedError says that source replacement puts another source in place of
// crates.io, so that a user who names no registry may mean either.
type ReplacedError struct {
	// Registry is the replacement's name in [registries]; empty if it is not there.
	Registry string
	// Source is the replacement as messages show it.
	Source string
}

// Error names the options that tell the two apart.
func (e *ReplacedError) Error() string {
	if e.Registry != "" {
		return fmt.Sprintf("crates-io is replaced with remote registry %[1]s;\n"+
			"include `--registry %[1]s` or `--registry crates-io`", e.Registry)
	}
	return "crates-io is replaced with non-remote-registry source " + e.Source + ";\n" +
		"include `--registry crates-io` to use crates.io"
}

// Resolve returns the registry with a name. An empty name means the registry of
// `registry.default`, or crates.io if that is not configured.
//
// If several things are wrong it reports the one that Cargo finds first. It returns
// a registry along with an error about a source that may replace the registry, such
// as a [*ReplacedError]. An [*UnknownRegistryError] says that the name is not
// configured.
func Resolve(c *config.Config, name string) (Registry, error) {
	isNamed := name != ""
	if !isNamed {
		name = cratesIOName
		byDefault, err := c.String("registry.default")
		if err != nil {
			return Registry{}, err
		}
		if byDefault != nil {
			name, isNamed = byDefault.Val, true
		}
	}
	r, err := configured(c, name)
	if err != nil {
		return Registry{}, err
	}
	known, err := cratesIOSources(c)
	if err != nil {
		return Registry{}, err
	}
	meant := source{Registry: r, isNamed: true}
	fetched, err := known.replacing(c, meant)
	if err != nil {
		return Registry{}, err
	}
	if fetched.index != r.index {
		r.source = &fetched.Registry
	}
	if err := known.addConfigured(c); err != nil {
		return r, err
	}
	replacement, err := known.replacing(c, meant)
	switch {
	case err != nil:
		return r, err
	case isNamed || replacement.key() == fetched.key():
		return r, nil
	case replacement.isNamed:
		return r, &ReplacedError{Registry: replacement.name, Source: replacement.String()}
	}
	return r, &ReplacedError{Source: replacement.String()}
}

// configured returns the registry that the configuration gives a name.
func configured(c *config.Config, name string) (Registry, error) {
	if name == cratesIOName {
		return cratesIO(c)
	}
	if err := ValidateName(name); err != nil {
		return Registry{}, err
	}
	index, err := c.String("registries." + name + ".index")
	if err != nil {
		return Registry{}, err
	}
	if index == nil {
		return Registry{}, &UnknownRegistryError{name}
	}
	// A file's URL may be relative. Anything else without a scheme is refused.
	u, err := weburl.Parse(index.Val)
	if err == nil && u.Scheme() == "file" {
		u, err = weburl.ParseInDir(index.Val, c.ResolvePath(".", index.Definition))
	}
	if err == nil && u.Password() != "" {
		err = errors.New("registry URLs may not contain passwords")
	}
	if err != nil {
		return Registry{}, fmt.Errorf("invalid index URL for registry `%s` defined in %s: %w", name, index.Definition, err)
	}
	r, err := newRegistry(name, u)
	return r.orTested(c), err
}

// cratesIO returns crates.io with the URL of its git index.
func cratesIO(c *config.Config) (Registry, error) {
	if err := refuseIndex(c); err != nil {
		return Registry{}, err
	}
	return New(cratesIOName, cratesIOIndex)
}

// refuseIndex refuses `registry.index`, which was how to replace crates.io before
// source replacement.
func refuseIndex(c *config.Config) error {
	index, err := c.String("registry.index")
	if err == nil && index != nil {
		err = errors.New("the `registry.index` config value is no longer supported\n" +
			"Use `[source]` replacement to alter the default index for crates.io.")
	}
	return err
}

// cratesIOFetched returns crates.io with the URL that its index is fetched from.
func cratesIOFetched(c *config.Config) (Registry, error) {
	protocol, err := c.String("registries.crates-io.protocol")
	switch {
	case err != nil:
		return Registry{}, err
	case protocol == nil || protocol.Val == "sparse":
		return New(cratesIOName, cratesIOSparseIndex)
	case protocol.Val == "git":
		return cratesIO(c)
	}
	return Registry{}, fmt.Errorf("unsupported registry protocol `%s` (defined in %s)", untrusted.OneLine(protocol.Val), protocol.Definition)
}

// Cargo's own tests set this variable to the URL that they fetch the index of
// crates.io from.
const testedIndex = "__CARGO_TEST_CRATES_IO_URL_DO_NOT_USE_THIS"

// cratesIOTested returns crates.io with the URL that a test has set, or else with
// the one that its index is fetched from.
func cratesIOTested(c *config.Config) (Registry, error) {
	index, ok := system.LookupEnv(c.Environ, testedIndex)
	if !ok {
		return cratesIOFetched(c)
	}
	r, err := New(cratesIOName, index)
	return r.orTested(c), err
}

// orTested returns the registry as crates.io if a test has set its URL to be that.
func (r Registry) orTested(c *config.Config) Registry {
	index, ok := system.LookupEnv(c.Environ, testedIndex)
	r.isCratesIO = r.isCratesIO || ok && index == r.index
	return r
}

// source is where packages come from: a registry, or what [source] puts in its
// place.
type source struct {
	// Registry has a name and an index. The index of a source in the file system is
	// a path, and that of a git repository its URL.
	Registry
	kind sourceKind
	// reference is the branch, tag or revision of a git repository, as a query.
	reference string
	// isNamed says that --registry finds the source by its name.
	isNamed bool
	// replaceWith is the name of the source that replaces this one, if one does.
	replaceWith *config.Value[string]
}

type sourceKind int

const (
	registrySource sourceKind = iota
	localRegistrySource
	directorySource
	gitSource
)

// sourceKey is equal for two sources that are the same under different names.
type sourceKey struct {
	kind  sourceKind
	index string
}

func (s source) key() sourceKey {
	if s.kind == gitSource {
		return sourceKey{s.kind, s.canonical + s.reference}
	}
	return sourceKey{s.kind, s.index}
}

// String returns the source as Cargo's errors show it.
func (s source) String() string {
	switch s.kind {
	case localRegistrySource:
		return "registry `" + s.index + "`"
	case directorySource:
		return "dir " + s.index
	case gitSource:
		return s.index + s.reference
	}
	return "registry `" + s.Registry.String() + "`"
}

// check refuses a sparse index that cannot be fetched from.
func (s source) check() error {
	if s.kind != registrySource || !s.IsSparse() {
		return nil
	}
	if !strings.HasSuffix(s.index, "/") {
		return fmt.Errorf("sparse registry url must end in a slash `/`: %s", s.index)
	}
	// Cargo panics if what follows the prefix is no URL.
	_, err := weburl.Parse(strings.TrimPrefix(s.index, sparsePrefix))
	return err
}

// sources are the sources that have a name.
type sources struct {
	byName map[string]source
	names  map[sourceKey]string
	// shown has each source under the name that it had first, which messages use.
	shown map[sourceKey]source
}

// cratesIOSources returns the sources that are built in: the URLs of crates.io.
func cratesIOSources(c *config.Config) (*sources, error) {
	known := &sources{byName: map[string]source{}, names: map[sourceKey]string{}, shown: map[sourceKey]source{}}
	for _, find := range []func(*config.Config) (Registry, error){cratesIO, cratesIOFetched, cratesIOTested} {
		r, err := find(c)
		if err != nil {
			return nil, err
		}
		s := source{Registry: r, isNamed: true}
		known.byName[cratesIOName] = s
		known.names[s.key()] = cratesIOName
		known.shown[s.key()] = s
	}
	return known, nil
}

// replacing returns the source at the end of the replacements of s, or s itself.
func (known *sources) replacing(c *config.Config, s source) (source, error) {
	name, ok := known.names[s.key()]
	if !ok {
		return s, s.check()
	}
	first, seen := name, map[string]bool{}
	last := known.byName[name]
	for last.replaceWith != nil {
		seen[name] = true
		definition := last.replaceWith.Definition
		name = last.replaceWith.Val
		// Cargo compares with the first name only, and never ends on a cycle that the
		// first name is no part of.
		if seen[name] {
			return source{}, fmt.Errorf("detected a cycle of `replace-with` sources, the source `%s` is eventually "+
				"replaced with itself (configuration in `%s`)", untrusted.OneLine(name), definition)
		}
		if last, ok = known.byName[name]; ok {
			continue
		}
		// It may be the name of a registry.
		r, err := configured(c, name)
		if err != nil {
			return source{}, fmt.Errorf("could not find a configured source with the name `%s` "+
				"when attempting to lookup `%s` (configuration in `%s`)", untrusted.OneLine(name), untrusted.OneLine(first), definition)
		}
		last = source{Registry: r, isNamed: true}
	}
	if last.key() == s.key() {
		return s, s.check()
	}
	if err := last.check(); err != nil {
		return source{}, err
	}
	if err := s.check(); err != nil {
		return source{}, err
	}
	if last.kind == gitSource {
		return source{}, fmt.Errorf("cannot replace `%[1]s` with `%[2]s`, the source `%[1]s` supports checksums, "+
			"but `%[2]s` does not\n\na lock file compatible with `%[1]s` cannot be generated in this situation\n", first, name)
	}
	return last, nil
}

// sourceTable is a table [source.NAME].
type sourceTable struct {
	ReplaceWith *config.Value[string] `toml:"replace-with"`
	// The place is one of these: a URL or a path.
	Registry      *config.Value[string] `toml:"registry"`
	LocalRegistry *config.Value[string] `toml:"local-registry"`
	Directory     *config.Value[string] `toml:"directory"`
	Git           *config.Value[string] `toml:"git"`
	// The first of these that is set counts, for Git only.
	Branch *config.Value[string] `toml:"branch"`
	Tag    *config.Value[string] `toml:"tag"`
	Rev    *config.Value[string] `toml:"rev"`
}

// addConfigured adds the sources of [source]. It checks each of them, even one that
// is not needed.
func (known *sources) addConfigured(c *config.Config) error {
	var tables map[string]sourceTable
	if err := c.Table("source", &tables); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		s, err := tables[name].source(c, name)
		if err != nil {
			return err
		}
		k := s.key()
		if shown, ok := known.shown[k]; ok {
			s = shown
		}
		known.shown[k] = s
		// Only crates.io may be defined again, since it is built in.
		if other, ok := known.names[k]; ok && name != cratesIOName {
			return fmt.Errorf("source `%s` defines source %s, but that source is already defined by `%s`\n"+
				"note: Sources are not allowed to be defined multiple times.", untrusted.OneLine(name), s, untrusted.OneLine(other))
		}
		s.replaceWith = tables[name].ReplaceWith
		known.names[k] = name
		known.byName[name] = s
	}
	return nil
}

// source returns the source that the table with a name describes.
func (t sourceTable) source(c *config.Config, name string) (source, error) {
	var found []source
	for _, place := range []struct {
		key   string
		kind  sourceKind
		value *config.Value[string]
	}{
		{"registry", registrySource, t.Registry},
		{"local-registry", localRegistrySource, t.LocalRegistry},
		{"directory", directorySource, t.Directory},
		{"git", gitSource, t.Git},
	} {
		if place.value == nil {
			continue
		}
		if place.kind == localRegistrySource || place.kind == directorySource {
			path := urlPath(c.ResolvePath(place.value.Val, place.value.Definition))
			found = append(found, source{Registry: Registry{index: path}, kind: place.kind})
			continue
		}
		u, err := weburl.Parse(place.value.Val)
		if err != nil {
			return source{}, fmt.Errorf("configuration key `source.%s.%s` specified an invalid URL (in %s): %w",
				name, place.key, place.value.Definition, err)
		}
		r, err := newRegistry(name, u)
		if err != nil {
			return source{}, err
		}
		found = append(found, source{Registry: r.orTested(c), kind: place.kind})
	}
	for _, reference := range []struct {
		key   string
		value *config.Value[string]
	}{{"branch", t.Branch}, {"tag", t.Tag}, {"rev", t.Rev}} {
		switch {
		case reference.value == nil:
		case t.Git == nil:
			return source{}, fmt.Errorf("source definition `source.%s` specifies `%s`, but that requires a `git` key "+
				"to be specified (in %s)", untrusted.OneLine(name), reference.key, reference.value.Definition)
		case found[len(found)-1].reference == "":
			found[len(found)-1].reference = "?" + reference.key + "=" + url.QueryEscape(reference.value.Val)
		}
	}
	if name == cratesIOName && len(found) == 0 {
		r, err := cratesIOFetched(c)
		return source{Registry: r}, err
	}
	switch len(found) {
	case 0:
		return source{}, fmt.Errorf("no source location specified for `source.%s`, need "+
			"`registry`, `local-registry`, `directory`, or `git` defined", untrusted.OneLine(name))
	case 1:
		return found[0], nil
	}
	return source{}, fmt.Errorf("more than one source location specified for `source.%s`", untrusted.OneLine(name))
}

// urlPath returns a path as Cargo shows it after it has been a URL: without empty
// segments and ".", but with "..".
func urlPath(path string) string {
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
	return filepath.FromSlash(clean)
}
