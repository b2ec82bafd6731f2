package config

import (
	"strings"
	"unicode/utf8"
)

// environ is a snapshot of the environment.
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
		if _, seen := e.values[name]; seen {
			continue
		}
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

// hasPrefix reports whether any variable's name starts with prefix.
func (e environ) hasPrefix(prefix string) bool {
	for name := range e.values {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
