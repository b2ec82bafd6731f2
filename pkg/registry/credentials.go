package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Credentials returns the configuration that holds the credentials of r; nil
// if there is none. It is in the table of [ConfiguredName]; if that is another
// name than r has, a note says so.
func Credentials(c *config.Config, r Registry) (*config.RegistryConfig, error) {
	name, err := ConfiguredName(c, r)
	switch {
	case err != nil:
		return nil, err
	case r.IsCratesIO():
		return c.CratesIO()
	case name == "":
		return nil, nil
	case name != r.Name:
		c.Notify(config.Message{Kind: config.Note, Text: fmt.Sprintf("name of alternative registry `%s` set to `%s`", r.Index, name)})
	}
	return c.Registry(name)
}

// ConfiguredName returns the name of the table of [registries] that holds the
// configuration for the credentials of r; empty if there is none, and for
// crates.io, whose table is [registry].
//
// It is found by the index URL, since a registry may be known by its URL alone:
// first among the variables CARGO_REGISTRIES_*_INDEX, and only if none of them
// has the URL in the tables of [registries].
func ConfiguredName(c *config.Config, r Registry) (string, error) {
	if err := c.LoadCredentials(); err != nil {
		return "", err
	}
	if r.IsCratesIO() {
		return "", checkIndexNotSet(c)
	}
	names, err := namesOf(c, r)
	switch {
	case err != nil || len(names) == 0:
		return "", err
	case len(names) == 1:
		return names[0], nil
	}
	// As Cargo identifies a source in a lock file.
	source := r.Index
	if r.Kind == Git {
		source = "registry+" + source
	}
	return "", fmt.Errorf("multiple registries are configured with the same index url '%s': %s", source, strings.Join(names, ", "))
}

// namesOf returns the names under which the index URL of r is configured.
func namesOf(c *config.Config, r Registry) ([]string, error) {
	canonical := r.Canonical()
	var names []string
	for _, variable := range c.VariableIndexes() {
		// Variables that hold no URL are passed over.
		other, err := New("", variable.Index.Val)
		if err == nil && other.Canonical() == canonical {
			names = append(names, variable.Name)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	// The first of the names is reported.
	var wrong string
	var failure error
	urlIsClear := isClear(r.Index)
	err := c.RegistryIndexes(func(name, url string) {
		if urlIsClear && url != r.Index && isClear(url) {
			return // another registry
		}
		other, err := New(name, url)
		switch {
		case err == nil && other.Canonical() == canonical:
			names = append(names, name)
		case err != nil && (failure == nil || name < wrong):
			wrong, failure = name, err
		}
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// isClear reports whether a URL of a sparse index has nothing that the parser
// changes or refuses, and ends in the one slash that is not compared. Two of them
// that differ are two registries without a need to parse them: among 5,000
// registries that would take 27 of a logout's 50 ms. It never makes two URLs the
// same.
func isClear(index string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	rest, ok := strings.CutPrefix(index, "sparse+https://")
	host, path, found := strings.Cut(rest, "/")
	return ok && found && host != "" && strings.Trim(host, letters+".") == "" &&
		strings.Trim(path, letters+"/_") == "" && !strings.HasPrefix(path, "/") && !strings.Contains(path, "//") &&
		(path == "" || strings.HasSuffix(path, "/"))
}
