package registry

import (
	"fmt"
	"strings"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This chapter finds the configuration of a registry's credentials by its URL.

// Credentials returns the configuration that holds the credentials of a registry;
// nil if there is none. For crates.io that is the table [registry], for any other
// registry the table [registries.NAME] with its index URL.
//
// Cargo looks for the URL, since it may know a registry by its URL alone: first in
// the variables CARGO_REGISTRIES_NAME_INDEX, and only if it is in none of them in
// the tables. A note tells the user where the name is not that of the registry.
func Credentials(c *config.Config, r Registry) (*config.RegistryConfig, error) {
	if r.IsCratesIO() {
		table, err := c.Registry("")
		// The credentials file counts for this check too, and Cargo reads it first.
		if err := refuseIndex(c); err != nil {
			return nil, err
		}
		return table, err
	}
	canBeCompared := isClear(r.index)
	names, err := c.RegistryNames(func(index string) (bool, error) {
		if canBeCompared && index != r.index && isClear(index) {
			return false, nil
		}
		other, err := New("", index)
		return err == nil && other.canonical == r.canonical, err
	})
	switch {
	case err != nil || len(names) == 0:
		return nil, err
	case len(names) > 1:
		source := r.index
		if !r.IsSparse() {
			source = "registry+" + source // as in a lock file
		}
		return nil, fmt.Errorf("multiple registries are configured with the same index url '%s': %s", source, strings.Join(names, ", "))
	case names[0] != r.name:
		c.Notify(config.Message{
			Kind: config.Note, Text: untrusted.Sprintf("name of alternative registry `%s` set to `%s`", r.index, names[0]),
		})
	}
	return c.Registry(names[0])
}

// isClear reports whether the URL of a sparse index is one that the parser neither
// changes nor refuses, and that ends in the one slash that is not compared. Two such
// URLs that differ are two registries, without the need to parse them: with 5,000
// registries configured, that would take 27 of the 50 ms of a logout. It never makes
// two URLs the same.
func isClear(index string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	rest, ok := strings.CutPrefix(index, "sparse+https://")
	host, path, found := strings.Cut(rest, "/")
	return ok && found && host != "" && strings.Trim(host, letters+".") == "" &&
		strings.Trim(path, letters+"/_") == "" && !strings.HasPrefix(path, "/") && !strings.Contains(path, "//") &&
		(path == "" || strings.HasSuffix(path, "/"))
}
