package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// This chapter finds the files of the configuration, reads them with what they
// include, and lays the --config arguments over them.

// tree returns the merged configuration files. It reads them the first time, and
// again after an error.
func (c *Config) tree() (*node, error) {
	if c.root != nil {
		return c.root, nil
	}
	root := newTable(&Definition{})
	for _, place := range c.places() {
		path, found := c.filePath(place, "config")
		if !found {
			continue
		}
		read := system.ReadFile
		if place == filepath.Clean(c.Home) {
			read = readFileLocked
		}
		file, err := c.readFile(path, Definition{}, map[string]bool{}, read)
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

// places returns the directories that may have a configuration file: .cargo in the
// working directory and in each directory above it, and the home. The nearest comes
// first, and wins.
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

// filePath returns the path of a file that may have its old name, which has no
// extension. The old name wins if both exist.
func (c *Config) filePath(dir, name string) (path string, found bool) {
	legacy := joinPath(dir, name)
	path = legacy + ".toml"
	legacyInfo, err := openStat(legacy)
	switch {
	case diskFails(err):
		return legacy, true
	case err != nil:
		_, err = os.Stat(path)
		return path, err == nil || diskFails(err)
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

// diskFails reports whether a file may exist although it cannot be looked at. Cargo
// takes any error for a missing file. A disk that fails must not look like an empty
// one, so we open the file and let that fail.
func diskFails(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENOSPC)
}

// openStat is os.Stat, and fails if the file cannot be opened: Cargo ignores an old
// name that it may not read.
func openStat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		// Opening a pipe would wait for its other end.
		return info, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// readFile reads a configuration file with read, and the files that it includes.
// from is the definition of its values, without the path. The keys of seen are the
// files that are being read, so that a cycle is noticed.
func (c *Config) readFile(
	path string, from Definition, seen map[string]bool, read func(path string) ([]byte, error),
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
	file, err := parseFile(content, &Definition{Path: path, CommandLine: from.CommandLine})
	if err != nil {
		return nil, err
	}
	return c.include(file, from, seen)
}

// parseFile is parseTOML with Cargo's errors.
func parseFile(content []byte, d *Definition) (*node, error) {
	file, err := parseTOML(content, d)
	var syntax *syntaxError
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
func (c *Config) include(file *node, from Definition, seen map[string]bool) (*node, error) {
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
		included, err := c.readFile(path, from, seen, system.ReadFile)
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

// includesOf returns the elements of the key include.
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
		var want string
		switch {
		case filepath.Ext(path.text) != ".toml" || filepath.Base(path.text) == ".toml":
			want = "ending with `.toml`"
		case strings.ContainsAny(path.text, "*?[]"):
			want = "without glob patterns"
		case strings.ContainsAny(path.text, "{}"):
			want = "without template braces"
		}
		if want != "" {
			return nil, fmt.Errorf("expected a config include path %s, but found `%s` from `%s`", want, path.text, element.definition)
		}
		includes = append(includes, include{path.text, optional != nil && optional.text == "true", element.definition})
	}
	return includes, nil
}

// Load reads the configuration files now, not when a value is first needed, and lays
// the arguments of --config over them, the last one on top. Each is the path of a file
// or a KEY=VALUE expression.
func (c *Config) Load(args ...string) error {
	over := newTable(&Definition{CommandLine: true})
	seen := map[string]bool{}
	for _, arg := range args {
		value, err := c.argument(arg, seen)
		if err != nil {
			return err
		}
		if over, err = merged(over, value, true, nil); err != nil {
			return fmt.Errorf("failed to merge --config argument `%s`: %w", shownArgument(arg), err)
		}
	}
	root, err := c.tree()
	if err != nil || len(args) == 0 {
		return err
	}
	if root, err = merged(root, over, true, nil); err != nil {
		return err
	}
	c.root, c.withCredentials = root, nil
	return nil
}

func (c *Config) argument(arg string, seen map[string]bool) (*node, error) {
	path := joinPath(c.Dir, arg)
	if _, err := os.Stat(path); arg != "" && err == nil {
		value, err := c.readFile(path, Definition{CommandLine: true}, seen, system.ReadGiven)
		if err != nil {
			return nil, fmt.Errorf("failed to load config from `%s`: %w", path, err)
		}
		return value, nil
	}
	if err := checkExpression(arg); err != nil {
		return nil, err
	}
	shown := shownArgument(arg)
	value, err := parseTOML([]byte(arg), &Definition{CommandLine: true})
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("failed to parse value from --config argument `%s` as a dotted key expression: %w", shown, err)
	case err != nil:
		return nil, fmt.Errorf("failed to convert --config argument `%s`: %w", shown, err)
	}
	if err := refuseSecrets(value); err != nil {
		return nil, err
	}
	value, err = c.include(value, Definition{CommandLine: true}, map[string]bool{})
	if err != nil {
		return nil, fmt.Errorf("failed to load --config include: %w", err)
	}
	return value, nil
}

// checkExpression refuses everything except one dotted key with a value. A syntax
// error is left to the parser.
func checkExpression(arg string) error {
	p := unstable.Parser{KeepComments: true}
	p.Reset([]byte(arg))
	var keyValues, others, comments int
	var inline, arrayTable bool
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.KeyValue:
			keyValues++
			inline = inline || e.Value().Kind == unstable.InlineTable
			if e.Next() != nil { // a comment after it
				comments++
			}
		case unstable.Comment:
			if keyValues == 0 { // Cargo does not look at what follows the line
				comments++
			}
		default:
			others++
			arrayTable = arrayTable || e.Kind == unstable.ArrayTable
		}
	}
	arg = shownArgument(arg)
	switch {
	case p.Error() != nil:
		return nil
	case arrayTable && keyValues == 0 && others == 1:
		return fmt.Errorf("--config argument `%s` sets a value to an array of tables, which is not accepted", arg)
	case keyValues != 1 || others > 0:
		return fmt.Errorf("--config argument `%s` was not a TOML dotted key expression (such as `build.jobs = 2`)", arg)
	case inline:
		return fmt.Errorf("--config argument `%s` sets a value to an inline table, which is not accepted", arg)
	case comments > 0:
		return fmt.Errorf("--config argument `%s` includes non-whitespace decoration", arg)
	}
	return nil
}

// shownArgument returns a --config argument for an error, without what may be a
// token: the value of a key that is named like one, and any word as long as one.
func shownArgument(arg string) string {
	const suspicious = 20
	isLong := func(word string) bool { return len(word) >= suspicious && !strings.ContainsAny(word, `/\:`) }
	words := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'={}[],#", r) })
	}
	key, value, _ := strings.Cut(arg, "=")
	lower := strings.ToLower(arg)
	isNamed := strings.Contains(lower, "token") || strings.Contains(lower, "secret")
	switch {
	case isNamed && len(words(key)) > 1, isLong(key) && !strings.Contains(key, "."):
		return redacted
	case isNamed, slices.ContainsFunc(words(value), isLong):
		return key + "=" + redacted
	}
	return arg
}

// refuseSecrets keeps tokens and secret keys out of command lines, which other
// processes can read.
func refuseSecrets(value *node) error {
	registries := value.below(path{"registries"})
	for _, secret := range []string{"token", "secret-key"} {
		if value.below(path{"registry", secret}) != nil {
			return fmt.Errorf("registry.%s cannot be set through --config for security reasons", secret)
		}
		for _, name := range registries.names() {
			if registries.below(path{name, secret}) != nil {
				return fmt.Errorf("registries.%s.%s cannot be set through --config for security reasons", name, secret)
			}
		}
	}
	return nil
}
