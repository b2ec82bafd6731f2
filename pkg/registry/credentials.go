package registry

import (
	"fmt"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Credentials returns the configuration that holds the credentials of r; nil
// if there is none. It is in the table of [ConfiguredName]; if that is another
// name than r has, a note says so.
func Credentials(c *config.Config, r Registry) (*config.RegistryConfig, error) {
	if r.IsCratesIO() {
		own, err := c.Registry("")
		// What the credentials file says counts for this, and Cargo looks at it first.
		if wrong := checkIndexNotSet(c); wrong != nil {
			return nil, wrong
		}
		return own, err
	}
	name, err := ConfiguredName(c, r)
	switch {
	case err != nil:
		return nil, err
	case name == "":
		return nil, nil
	case name != r.Name:
		c.Notify(config.Message{Kind: config.Note, Text: untrusted.Sprintf("name of alternative registry `%s` set to `%s`", r.Index, name)})
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
	canonical, urlIsClear := r.Canonical(), isClear(r.Index)
	return c.RegistryNames(func(index string) (bool, error) {
		if urlIsClear && index != r.Index && isClear(index) {
			return false, nil
		}
		other, err := New("", index)
		return err == nil && other.Canonical() == canonical, err
	})
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
