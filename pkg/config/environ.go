package config

import (
	"errors"
	"os/user"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// LookupEnv returns the value of a variable in an environment such as that of
// [Options]. Of several with that name the last one counts, as it does for the
// programs that are run with them.
func LookupEnv(environ []string, name string) (value string, ok bool) {
	return system.LookupEnv(environ, name)
}

// Env returns an environment variable.
func (c *Config) Env(name string) (string, bool) { return LookupEnv(c.Environ, name) }

// HomeDir returns Cargo's home directory, absolute: $CARGO_HOME, or .cargo in
// the user's home directory. A relative $CARGO_HOME is relative to dir, an
// empty one counts as unset. As in Cargo since 1.97 it has no "." and ".." left.
func HomeDir(dir string, environment []string) (string, error) {
	if home, _ := LookupEnv(environment, "CARGO_HOME"); home != "" {
		return filepath.Clean(joinPath(dir, home)), nil
	}
	home, _ := LookupEnv(environment, homeVariable)
	if home == "" {
		if u, err := user.Current(); err == nil {
			home = u.HomeDir
		}
	}
	if home == "" {
		return "", errors.New("Cargo couldn't find your home directory. This probably means that $HOME was not set.")
	}
	return filepath.Join(home, ".cargo"), nil
}

// environ has the variables that may be configuration.
type environ struct {
	values map[string]string
	// misspelt has, for every variable whose name is not spelt as
	// configuration variables are, that spelling and the name as it is.
	misspelt map[string]string
}

func newEnviron(environment []string) environ {
	e := environ{values: make(map[string]string, len(environment)), misspelt: map[string]string{}}
	for _, entry := range environment {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		// The last one counts, as in [LookupEnv].
		e.values[name] = value
		spelling := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
		if spelling != name && utf8.ValidString(name) && utf8.ValidString(value) {
			e.misspelt[spelling] = name
		}
	}
	return e
}

// text returns a variable's value if it is set and UTF-8: configuration is
// text.
func (e environ) text(name string) (string, bool) {
	value, ok := e.values[name]
	return value, ok && utf8.ValidString(value)
}

// key is a path with the environment variable that sets the same value.
type key struct {
	path
	variable string
}

func parseKey(dotted string) key {
	k := key{variable: "CARGO"}
	for part := range strings.SplitSeq(dotted, ".") {
		k = k.child(part)
	}
	return k
}

// child returns the key of a value below k. The variable has the part in upper
// case, with '-' as '_'.
func (k key) child(part string) key {
	return key{k.path.child(part), k.variable + "_" + strings.ReplaceAll(strings.ToUpper(part), "-", "_")}
}

// exactChild is child for a part that stands in the variable as it is: that of
// a table whose names are the user's.
func (k key) exactChild(part string) key {
	return key{k.path.child(part), k.variable + "_" + part}
}
