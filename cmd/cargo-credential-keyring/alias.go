package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// name returns what the configuration has to say to name the program with its
// arguments. Cargo splits that at white space, so a path with some goes into an
// alias.
func (r *registration) name(program string, args []string) (string, error) {
	words := append([]string{program}, args...)
	if !strings.ContainsFunc(program, unicode.IsSpace) {
		return strings.Join(words, " "), nil
	}
	for n := 1; ; n++ {
		name := programName
		if n > 1 {
			name = fmt.Sprint(name, "-", n)
		}
		switch {
		case !r.Has("credential-alias", name):
			return name, r.SetStrings(words, addedComment, "credential-alias", name)
		case slices.Equal(r.words([]string{"credential-alias", name}), words):
			return name, nil
		}
	}
}

// removeAliases removes the aliases that this program has added and that nothing
// uses any more.
func (r *registration) removeAliases() error {
	for _, name := range r.Keys("credential-alias") {
		key := []string{"credential-alias", name}
		if r.Comment(key...) != addedComment || r.uses(name) {
			continue
		}
		if err := r.Unset(key...); err != nil {
			return err
		}
	}
	return nil
}

// uses reports whether the file has a provider of that name.
func (r *registration) uses(name string) bool {
	if slices.Contains(r.Strings(globalProviders...), name) {
		return true
	}
	for _, words := range r.owned() {
		if slices.Equal(words, []string{name}) {
			return true
		}
	}
	return false
}
