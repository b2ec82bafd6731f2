package config

import (
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
)

// Options says where configuration comes from. The library reads nothing of
// the process by itself.
type Options struct {
	// Dir is the working directory, absolute.
	Dir string
	// Home is Cargo's home directory, absolute; see [HomeDir].
	Home string
	// Environ is the environment, as from os.Environ.
	Environ []string
	// Notify receives warnings as they arise. It may be nil.
	Notify func(Notice)
}

// Config is Cargo's configuration as seen from one directory.
//
// It is read when it is first needed and then kept. A Config must not be used
// by several goroutines at once.
type Config struct {
	Options

	environ environ
	// root is nil until the files have been read.
	root *node
	// credentials is nil until the credentials file has been read, which is
	// then laid over root where a value is looked up.
	credentials *node
	// known is the credentials file as it was last read or saved, unless it is
	// open to be changed.
	known *credentialsContent
	// net and http are the tables of those names, once they have been read.
	net  *Net
	http *HTTP
}

// New returns the configuration that o describes, with no file read yet.
func New(o Options) *Config {
	return &Config{Options: o, environ: newEnviron(o.Environ)}
}

// Load returns the configuration that o describes, with all files read and
// the --config arguments laid over them.
func Load(o Options, args ...string) (*Config, error) {
	c := New(o)
	if err := c.Read(); err != nil {
		return nil, err
	}
	if err := c.Override(args); err != nil {
		return nil, err
	}
	return c, nil
}

// HomeDir returns Cargo's home directory, absolute: $CARGO_HOME, or .cargo in
// the user's home directory. A relative $CARGO_HOME is relative to dir, an
// empty one counts as unset.
func HomeDir(dir string, environment []string) (string, error) {
	e := newEnviron(environment)
	if home := e.values["CARGO_HOME"]; home != "" {
		if filepath.IsAbs(home) {
			return home, nil
		}
		return joinPath(dir, home), nil
	}
	home := e.values[homeVariable]
	if home == "" {
		if u, err := user.Current(); err == nil {
			home = u.HomeDir
		}
	}
	if home == "" {
		return "", errors.New("Cargo couldn't find your home directory. This probably means that $HOME was not set.")
	}
	return joinPath(home, ".cargo"), nil
}

// Env returns an environment variable.
func (c *Config) Env(name string) (string, bool) {
	value, ok := c.environ.values[name]
	return value, ok
}

// Notice hands a notice to Options.Notify.
func (c *Config) Notice(kind NoticeKind, format string, args ...any) {
	if c.Notify != nil {
		c.Notify(Notice{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
}

// ResolveProgram returns the path of a configured program: a name without a
// separator is looked up on PATH and stays as it is, anything else is relative
// to the root of its definition.
func (c *Config) ResolveProgram(name string, d Definition) string {
	if !strings.ContainsAny(name, pathSeparators) {
		return name
	}
	return c.ResolvePath(name, d)
}

// ResolvePath returns a configured path as an absolute one: it is relative to
// the root of its definition.
func (c *Config) ResolvePath(path string, d Definition) string {
	return joinPath(d.Root(c.Dir), path)
}

// joinPath joins without cleaning, since Cargo shows paths as they were
// written.
func joinPath(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if strings.HasSuffix(dir, string(filepath.Separator)) {
		return dir + path
	}
	return dir + string(filepath.Separator) + path
}
