package config

import (
	"path/filepath"
	"unique"
)

// DefinitionKind is the kind of place where a value was defined. A higher kind
// wins over a lower one.
type DefinitionKind int

const (
	// BuiltIn is the kind of values that are not configured.
	BuiltIn DefinitionKind = iota
	// File is the kind of values from a configuration file.
	File
	// Environment is the kind of values from an environment variable.
	Environment
	// CommandLine is the kind of values given with --config, either as an
	// expression or in a file named there.
	CommandLine
)

// Definition says where a configuration value was defined. Cargo's messages
// name it, and paths in values are relative to it.
type Definition struct {
	Kind DefinitionKind
	// Path is the defining file; for [CommandLine] it is empty when the value
	// was given as an expression.
	Path string
	// Variable is the environment variable's name.
	Variable string
}

// String returns the definition in Cargo's words: a path, "environment
// variable `X`", "--config cli option" or "default".
func (d Definition) String() string {
	switch {
	case d.Kind == Environment:
		return "environment variable `" + d.Variable + "`"
	case d.Path != "":
		return d.Path
	case d.Kind == CommandLine:
		return "--config cli option"
	default:
		return "default"
	}
}

// Root returns the directory that paths in a value with this definition are
// relative to: the one above the directory of the defining file, and dir (the
// working directory) for all other kinds.
func (d Definition) Root(dir string) string {
	if d.Path == "" {
		return dir
	}
	return filepath.Dir(filepath.Dir(d.Path))
}

// Value is a configuration value with the place that defines it.
type Value[T any] struct {
	Val        T
	Definition Definition
}

// Program is a configured program with its arguments, such as a credential
// provider: a string that is split at white space, or a list.
type Program struct {
	// Name is the first word as configured; [Config.ResolveProgram] gives the
	// path to run.
	Name       string
	Args       []string
	Definition Definition
}

// redacted is what every way of printing a [Secret] shows.
const redacted = "REDACTED"

// Secret is a token or a secret key. However it is formatted, logged, marshalled
// or dumped, by itself or in any field of a struct, its text does not show; only
// [Secret.Expose] gives it. Two secrets are equal if their texts are.
//
// The zero value is an empty secret.
type Secret struct {
	// Package fmt calls no methods of an unexported field, and shows a pointer
	// there. What follows the pointer finds the bytes of the text inverted.
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

// Expose returns the text itself. Its callers are the places where a secret
// leaves the program: keep them few.
func (s Secret) Expose() string {
	if s == (Secret{}) {
		return ""
	}
	return invert(s.held.Value().text)
}

// String returns REDACTED.
func (s Secret) String() string { return redacted }

// GoString returns REDACTED, for %#v.
func (s Secret) GoString() string { return redacted }

// MarshalText returns REDACTED, so that no encoder that meets a Secret by
// accident writes it out.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
