// Package config reads Cargo's configuration as Cargo does: the files in a directory,
// in the directories above it and in Cargo's home, with the files they include;
// environment variables; --config arguments; and the credentials file. It also changes
// the credentials file, and config.toml in the home. It is not a general TOML reader.
//
// Most callers write
//
//	cfg := config.New(config.Options{Dir: dir, Home: home, Environ: os.Environ()})
//	name, err := cfg.String("registry.default")
//
// The package knows only what [Options] say and prints nothing. Messages for the user
// go to [Options].Notify.
//
// Every value comes with its [Definition], the place that defines it. Error messages
// are Cargo's, and each layer wraps the one below. The chapter "Configuration" of the
// Cargo book defines the behaviour.
package config

import (
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
	"unique"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
)

// Options says where configuration comes from.
type Options struct {
	// Dir is the working directory, absolute.
	Dir string
	// Home is Cargo's home directory, absolute; see [HomeDir].
	Home string
	// Environ is the environment, as from os.Environ.
	Environ []string
	// Notify receives messages as they arise. [New] replaces nil by a function that
	// drops them.
	Notify func(Message)
}

// Format shows the directories for every verb, and no contents: the environment and
// the files may contain tokens.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Dir:%s Home:%s}", o.Dir, o.Home)
}

// Config is Cargo's configuration as seen from one directory.
//
// Files are read when a value is first needed, or by [Config.Load], and then kept. A
// Config must not be used by several goroutines at once.
type Config struct {
	Options

	environ environ
	// root is nil until the files have been read.
	root *node
	// withCredentials is root with the credentials file laid over it; nil until
	// that has been read.
	withCredentials *node
	// credentials is the credentials file as it was last read or saved.
	credentials document
}

// New returns the configuration that o describes, with no file read yet.
func New(o Options) *Config {
	if o.Notify == nil {
		o.Notify = func(Message) {}
	}
	return &Config{Options: o, environ: newEnviron(o.Environ)}
}

// Quiet returns the same configuration, but it sends no messages and reads the
// credentials file again.
func (c *Config) Quiet() *Config {
	quiet := *c
	quiet.Notify, quiet.withCredentials = func(Message) {}, nil
	return &quiet
}

func (c *Config) say(kind MessageKind, format string, args ...any) {
	if c.Notify != nil {
		c.Notify(Message{Kind: kind, Text: untrusted.Sprintf(format, args...)})
	}
}

// HomeDir returns Cargo's home directory as an absolute path: $CARGO_HOME, or .cargo in
// the user's home directory. A relative $CARGO_HOME is relative to dir, and an empty
// one counts as unset. The path has no "." and "..", as in Cargo since 1.97.
func HomeDir(dir string, environ []string) (string, error) {
	if home, _ := system.LookupEnv(environ, "CARGO_HOME"); home != "" {
		return filepath.Clean(joinPath(dir, home)), nil
	}
	home, _ := system.LookupEnv(environ, homeVariable)
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

// MessageKind says how a [Message] is shown.
type MessageKind int

const (
	// Warning is shown after "warning: ", unless the user asked for quiet.
	Warning MessageKind = iota
	// Note is shown after "note: ", unless the user asked for quiet.
	Note
	// Help is shown after "help: ", below the warning it belongs to.
	Help
	// Status is a status line: a verb, right-aligned, and what it is about;
	// hidden when the user asked for quiet.
	Status
	// VerboseStatus is a status line that only a user who asked for verbose
	// output sees.
	VerboseStatus
	// Plain is shown as it is, whatever the user asked for.
	Plain
)

// String returns the kind in words, such as "status".
func (k MessageKind) String() string {
	return [...]string{"warning", "note", "help", "status", "verbose status", "plain"}[k]
}

// Message is for the user and is not an error.
type Message struct {
	Kind MessageKind
	// Verb is the verb of a status line ("Login", "Updating"); empty for the
	// other kinds.
	Verb string
	// Text may have several lines. It never ends with a line feed and never
	// holds a token.
	Text string
}

// Definition says where a value is defined. Cargo's messages name it, and paths in
// values are relative to it. A built-in value has the zero Definition.
type Definition struct {
	// Path is the defining file.
	Path string
	// Variable is the name of the environment variable.
	Variable string
	// CommandLine says that the value comes from --config, either as an expression
	// or from the file at Path.
	CommandLine bool
}

// String returns the definition in Cargo's words: a path, "environment variable
// `X`", "--config cli option" or "default".
func (d Definition) String() string {
	switch {
	case d.Variable != "":
		return "environment variable `" + d.Variable + "`"
	case d.Path != "":
		return d.Path
	case d.CommandLine:
		return "--config cli option"
	}
	return "default"
}

// A value wins over another if its definition has the higher priority.
const (
	filePriority = iota + 1
	environmentPriority
	commandLinePriority
)

func (d Definition) priority() int {
	switch {
	case d.CommandLine:
		return commandLinePriority
	case d.Variable != "":
		return environmentPriority
	case d.Path != "":
		return filePriority
	}
	return 0
}

// Value is a value with the place that defines it.
type Value[T any] struct {
	Val        T
	Definition Definition
}

// Program is a program with its arguments, such as a credential provider. In the
// configuration it is a list, or a string that is split at white space.
type Program struct {
	// Name is the first word. Path is what to run: the name if it is to be looked up
	// on PATH, or an absolute path if the name has a separator.
	Name, Path string
	Args       []string
	Definition Definition
}

// ResolvePath makes a configured path absolute. A path from a file is relative to the
// parent of the directory that contains the file, any other to the working directory.
func (c *Config) ResolvePath(path string, d Definition) string {
	root := c.Dir
	if d.Path != "" {
		root = filepath.Dir(filepath.Dir(d.Path))
	}
	return joinPath(root, path)
}

// joinPath joins without cleaning, because Cargo shows paths as they were written.
func joinPath(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if strings.HasSuffix(dir, string(filepath.Separator)) {
		return dir + path
	}
	return dir + string(filepath.Separator) + path
}

// redacted is what every way of printing a [Secret] shows.
const redacted = "REDACTED"

// Secret is a token or a secret key. Its text never shows when it is formatted, logged,
// marshalled or dumped, alone or in a field of a struct. Only [Secret.Expose] returns
// it. Two secrets are equal if their texts are. The zero value is an empty secret.
type Secret struct {
	// Package fmt calls no methods of an unexported field, but it shows a pointer as
	// an address. Code that follows the pointer finds the bytes of the text inverted.
	held unique.Handle[inverted]
}

type inverted struct{ text string }

func invert(text string) string {
	bytes := []byte(text)
	for i := range bytes {
		bytes[i] ^= 0xff
	}
	return string(bytes)
}

// NewSecret returns the secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(inverted{invert(text)})}
}

// Expose returns the text. Its callers are the places where a secret leaves the
// program: keep them few.
func (s Secret) Expose() string {
	if s == (Secret{}) {
		return ""
	}
	return invert(s.held.Value().text)
}

// Format writes REDACTED, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText returns REDACTED, for encoders that meet a Secret by accident.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
