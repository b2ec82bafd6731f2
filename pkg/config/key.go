package config

import (
	"strconv"
	"strings"
)

// path is the place of a value in the configuration.
type path []string

// child returns p with one more part; p itself is not changed.
func (p path) child(part string) path {
	return append(p[:len(p):len(p)], part)
}

// String returns the path as messages show it: parts that are no bare TOML
// keys are quoted.
func (p path) String() string {
	parts := make([]string, len(p))
	for i, part := range p {
		parts[i] = quoteKey(part)
	}
	return strings.Join(parts, ".")
}

// namesProgram reports whether the value is a program with arguments. Lists
// from several places are not joined for such a value.
func (p path) namesProgram() bool {
	switch len(p) {
	case 2:
		return p[0] == "credential-alias" || p[0] == "registry" && p[1] == "credential-provider" ||
			p[0] == "doc" && p[1] == "browser" || p[0] == "host" && p[1] == "runner"
	case 3:
		return p[0] == "registries" && p[2] == "credential-provider" || p[0] == "target" && p[2] == "runner"
	}
	return false
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

func quoteKey(part string) string {
	for _, c := range part {
		if !isInBareKey(c) {
			return quoteTOML(part)
		}
	}
	return part
}

// isInBareKey reports whether a character may be in a key without quotes.
func isInBareKey(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// quoteTOML returns s as a TOML string: a literal one where that spares
// escapes.
func quoteTOML(s string) string {
	if strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, func(r rune) bool { return r == '\'' || r < ' ' }) {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}
