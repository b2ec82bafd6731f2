package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// Read reads the configuration files now rather than when they are needed.
func (c *Config) Read() error {
	_, err := c.tree()
	return err
}

// OSError returns an error of the operating system in the words that Cargo
// uses for it: "No such file or directory (os error 2)". Other errors are
// returned as they are.
func OSError(err error) error { return system.Error(err) }

// tree returns the merged configuration files, which it reads the first time.
// What could not be read is read again the next time.
func (c *Config) tree() (*node, error) {
	if c.root != nil {
		return c.root, nil
	}
	root := newTable(&Definition{})
	for _, place := range c.places() {
		path, found := c.filePath(place, "config", true)
		if !found {
			continue
		}
		read := system.ReadFile
		if place == filepath.Clean(c.Home) {
			read = readFileLocked
		}
		file, err := c.readFile(path, File, map[string]bool{}, read)
		if err == nil {
			if root, err = merged(root, file, false, nil); err != nil {
				err = fmt.Errorf("failed to merge configuration at `%s`: %w", path, err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("could not load Cargo configuration: %w", err)
		}
	}
	c.root = root
	return root, nil
}

// places returns the directories that may have a configuration file: those of
// the working directory, of the directories above it, and the home. The nearest
// comes first, and wins.
func (c *Config) places() []string {
	var places []string
	for dir := c.Dir; ; dir = filepath.Dir(dir) {
		places = append(places, filepath.Join(dir, ".cargo"))
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if !slices.Contains(places, filepath.Clean(c.Home)) {
		places = append(places, c.Home)
	}
	return places
}

// filePath returns the path of a file that may still have its old name,
// without the extension. The old name wins where both exist.
func (c *Config) filePath(dir, name string, warn bool) (path string, found bool) {
	legacy := joinPath(dir, name)
	path = legacy + ".toml"
	legacyInfo, err := openStat(legacy)
	switch {
	case diskFails(err):
		return legacy, true
	case err != nil:
		_, err = os.Stat(path)
		return path, err == nil || diskFails(err)
	case !warn:
		return legacy, true
	}
	info, err := openStat(path)
	switch {
	case err != nil:
		c.say(Warning, "`%s` is deprecated in favor of `%s.toml`", legacy, name)
		c.say(Help, "if you need to support cargo 1.38 or earlier, you can symlink `%[1]s` to `%[1]s.toml`", name)
	case !os.SameFile(legacyInfo, info):
		c.say(Warning, "both `%s` and `%s` exist. Using `%s`", legacy, path, legacy)
	}
	return legacy, true
}

// diskFails reports whether an error says that a file may be there. To Cargo a
// file that cannot be looked at is not; but a disk that fails must not look like
// an empty one, and opening the file tells.
func diskFails(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENOSPC)
}

// openStat is os.Stat for a file that can be opened: Cargo passes over an old
// name that it may not read.
func openStat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		// Opening a pipe would block.
		return info, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// readFile reads a configuration file, as read does, with what it includes. The
// keys of seen are the files being read, to notice cycles.
func (c *Config) readFile(
	path string, kind DefinitionKind, seen map[string]bool, read func(path string) ([]byte, error),
) (*node, error) {
	clean := filepath.Clean(path)
	if seen[clean] {
		return nil, fmt.Errorf("config `include` cycle detected with path `%s`", path)
	}
	seen[clean] = true
	content, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read configuration file `%s`: %w", path, system.Error(err))
	}
	file, err := parseFile(content, &Definition{Kind: kind, Path: path})
	if err != nil {
		return nil, err
	}
	return c.include(file, kind, seen)
}

// parseFile is parseTOML for the content of a file, with what Cargo says of it.
func parseFile(content []byte, d *Definition) (*node, error) {
	file, err := parseTOML(content, d)
	var syntax *SyntaxError
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, errNotUTF8):
		return nil, fmt.Errorf("failed to read configuration file `%s`: %w", d.Path, err)
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("could not parse TOML configuration in `%s`: %w", d.Path, err)
	}
	return nil, fmt.Errorf("failed to load TOML configuration from `%s`: %w", d.Path, err)
}

// include returns file with the files that it includes merged below it.
func (c *Config) include(file *node, kind DefinitionKind, seen map[string]bool) (*node, error) {
	value := file.child("include")
	if value == nil {
		return file, nil
	}
	includes, err := includesOf(value)
	if err != nil {
		return nil, err
	}
	root := newTable(file.definition)
	for _, inc := range includes {
		dir := c.Dir
		if inc.definition.Path != "" {
			dir = filepath.Dir(inc.definition.Path)
		}
		path := filepath.Clean(joinPath(dir, inc.path))
		if inc.optional {
			if _, err := os.Stat(path); err != nil {
				continue
			}
		}
		included, err := c.readFile(path, kind, seen, system.ReadFile)
		if err == nil {
			root, err = merged(root, included, true, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("failed to load config include `%s` from `%s`: %w", inc.path, inc.definition, err)
		}
	}
	return merged(root, file.without(path{"include"}), true, nil)
}

type include struct {
	path       string
	optional   bool
	definition *Definition
}

// includesOf reads the key include.
func includesOf(value *node) ([]include, error) {
	if value.kind != listKind {
		// The missing backquote is Cargo's.
		return nil, fmt.Errorf("expected a list of strings or a list of tables, but found %s at `include` in `%s",
			value.kind, value.definition)
	}
	var includes []include
	for i, element := range value.list {
		path, optional := element, (*node)(nil)
		if element.kind == tableKind {
			path, optional = element.child("path"), element.child("optional")
		}
		switch {
		case element.kind != stringKind && element.kind != tableKind:
			return nil, fmt.Errorf("expected a string or table, but found %s at `include[%d]` in %s", element.kind, i, element.definition)
		case path == nil:
			return nil, fmt.Errorf("missing field `path` at `include[%d]` in `%s`", i, element.definition)
		case path.kind != stringKind:
			return nil, fmt.Errorf("expected a string, but found %s at `include[%d].path` in `%s`", path.kind, i, element.definition)
		case optional != nil && optional.kind != booleanKind:
			return nil, fmt.Errorf("expected a boolean, but found %s at `include[%d].optional` in `%s`", optional.kind, i, element.definition)
		}
		includes = append(includes, include{path.text, optional != nil && optional.text == "true", element.definition})
	}
	for _, inc := range includes {
		var want string
		switch {
		case filepath.Ext(inc.path) != ".toml" || filepath.Base(inc.path) == ".toml":
			want = "ending with `.toml`"
		case strings.ContainsAny(inc.path, "*?[]"):
			want = "without glob patterns"
		case strings.ContainsAny(inc.path, "{}"):
			want = "without template braces"
		default:
			continue
		}
		return nil, fmt.Errorf("expected a config include path %s, but found `%s` from `%s`", want, inc.path, inc.definition)
	}
	return includes, nil
}
