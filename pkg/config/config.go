// Package config reads Cargo's configuration as Cargo does: the files from a
// directory upward and in Cargo's home, with what they include; the
// environment; --config values; and the credentials file. It also writes the
// credentials file, see [CredentialsFile]. It is no general TOML reader, and it
// knows only those tables that have to do with registries.
//
// Most callers write
//
//	cfg, err := config.Load(config.Options{Dir: dir, Home: home, Environ: os.Environ()})
//	name, err := cfg.String("registry.default")
//
// The package reads nothing of the process behind the caller's back and prints
// nothing: warnings go to [Options].Notify.
//
// Every value comes with its [Definition], the place that defines it. The
// error messages are Cargo's; each layer wraps the one below. Where Cargo
// defines the behaviour: the chapter "Configuration" of the Cargo book.
package config

import (
	"fmt"
	"path/filepath"
	"slices"
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
	// Notify receives messages as they arise. [New] puts a function that drops
	// them in the place of nil.
	Notify func(Message)
}

// Format shows, for every verb, where the configuration comes from and nothing of
// what is in it: tokens may be in the environment and in files.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Dir:%s Home:%s}", o.Dir, o.Home)
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
	// withCredentials is root with the credentials file laid over it; nil until
	// that has been read.
	withCredentials *node
	// credentials is the credentials file as it was last read or saved.
	credentials document
	// net and http are the tables of those names, once they have been read.
	net  *Net
	http *HTTP
}

// New returns the configuration that o describes, with no file read yet.
func New(o Options) *Config {
	if o.Notify == nil {
		o.Notify = func(Message) {}
	}
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

// Quiet returns the same configuration without its messages.
func (c *Config) Quiet() *Config {
	quiet := *c
	quiet.Notify = func(Message) {}
	return &quiet
}

func (c *Config) say(kind MessageKind, format string, args ...any) {
	if c.Notify != nil {
		c.Notify(NewMessage(kind, "", format, args...))
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

func (k MessageKind) String() string {
	return [...]string{"warning", "note", "help", "status", "verbose status", "plain"}[k]
}

// Message is what the library has to tell the user and is not an error: the
// library prints nothing, it hands messages to its caller.
type Message struct {
	Kind MessageKind
	// Verb is the verb of a status line ("Login", "Updating"); empty for the
	// other kinds.
	Verb string
	// Text may have several lines. It never ends with a line feed and never
	// holds a token.
	Text string
}

// OneLine returns a name as messages show it: with `\n` for each line feed, because
// the text after one could look like another message or a prompt.
func OneLine(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

// NewMessage returns a message whose text is formatted. The strings and the
// [Definition]s that it is about are shown by [OneLine].
func NewMessage(kind MessageKind, verb, format string, args ...any) Message {
	args = slices.Clone(args)
	for i, arg := range args {
		if d, ok := arg.(Definition); ok {
			arg = d.String()
		}
		if text, ok := arg.(string); ok {
			args[i] = OneLine(text)
		}
	}
	return Message{kind, verb, fmt.Sprintf(format, args...)}
}
