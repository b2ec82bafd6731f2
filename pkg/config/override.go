package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Override lays the arguments of --config over the configuration, the last one
// topmost: each is the path of a file, or one KEY=VALUE expression.
func (c *Config) Override(args []string) error {
	over := newTable(&Definition{Kind: CommandLine})
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
	if len(args) == 0 {
		return nil
	}
	root, err := c.tree()
	if err != nil {
		return err
	}
	if root, err = merged(root, over, true, nil); err != nil {
		return err
	}
	c.root, c.withCredentials, c.net, c.http = root, nil, nil, nil
	return nil
}

func (c *Config) argument(arg string, seen map[string]bool) (*node, error) {
	path := joinPath(c.Dir, arg)
	if _, err := os.Stat(path); arg != "" && err == nil {
		value, err := c.readFile(path, CommandLine, seen, system.ReadGiven)
		if err != nil {
			return nil, fmt.Errorf("failed to load config from `%s`: %w", path, err)
		}
		return value, nil
	}
	if err := checkExpression(arg); err != nil {
		return nil, err
	}
	shown := shownArgument(arg)
	value, err := parseTOML([]byte(arg), &Definition{Kind: CommandLine})
	var syntax *SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("failed to parse value from --config argument `%s` as a dotted key expression: %w", shown, err)
	case err != nil:
		return nil, fmt.Errorf("failed to convert --config argument `%s`: %w", shown, err)
	}
	if err := refuseSecrets(value); err != nil {
		return nil, err
	}
	value, err = c.include(value, CommandLine, map[string]bool{})
	if err != nil {
		return nil, fmt.Errorf("failed to load --config include: %w", err)
	}
	return value, nil
}

// checkExpression refuses everything but one dotted key with a value. What is
// no TOML at all is left to the parser.
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

// shownArgument returns a --config argument as an error may show it: without
// what may be a token. That is what stands beside the name of one, and any word
// as long as one.
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

// refuseSecrets keeps tokens and keys out of command lines, which other
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
