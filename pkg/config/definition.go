package config

import "path/filepath"

// DefinitionKind is the kind of place where a value was defined. A higher kind
// wins over a lower one.
type DefinitionKind int

const (
	// BuiltIn is the kind of values that nobody configured.
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
