package registry

import (
	"errors"
	"fmt"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/internal/weburl"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Resolve returns the registry with the given name. An empty name means
// `registry.default`, and crates.io if that is not configured either; only
// then is it an error if crates.io is replaced by another source.
//
// The order of the checks is Cargo's, which decides what is reported if
// several things are wrong. If the registry was found, and what is wrong is a
// source that may replace it, the target is returned with the error.
func Resolve(c *config.Config, name string) (Target, error) {
	if name == "" {
		byDefault, err := c.String("registry.default")
		if err != nil {
			return Target{}, err
		}
		if byDefault == nil {
			return ResolveChosen(c, nil)
		}
		name = byDefault.Val
	}
	return ResolveChosen(c, &name)
}

// ResolveChosen is [Resolve] for a caller that has read `registry.default`
// itself: nil says that neither the user nor the configuration names a
// registry.
func ResolveChosen(c *config.Config, chosen *string) (Target, error) {
	name := cratesIOName
	if chosen != nil {
		name = *chosen
	}
	original, err := original(c, name)
	if err != nil {
		return Target{}, err
	}
	sources, err := builtInSources(c)
	if err != nil {
		return Target{}, err
	}
	meant := source{Registry: original, fromRegistries: true}
	fetched, err := sources.load(c, meant)
	if err != nil {
		return Target{}, err
	}
	found := Target{Registry: original, Source: fetched.Registry}
	if err := sources.addConfigured(c); err != nil {
		return found, err
	}
	replacement, err := sources.load(c, meant)
	if err != nil {
		return found, err
	}
	switch {
	case chosen != nil || replacement.key() == fetched.key():
		return found, nil
	case replacement.fromRegistries:
		return found, fmt.Errorf("crates-io is replaced with remote registry %[1]s;\n"+
			"include `--registry %[1]s` or `--registry crates-io`", replacement.Name)
	}
	return found, fmt.Errorf("crates-io is replaced with non-remote-registry source %s;\n"+
		"include `--registry crates-io` to use crates.io", replacement)
}

// cratesIO returns crates.io under its git index's URL.
func cratesIO(c *config.Config) (Registry, error) {
	if err := checkIndexNotSet(c); err != nil {
		return Registry{}, err
	}
	return New(cratesIOName, cratesIOIndex)
}

// checkIndexNotSet refuses `registry.index`, which replaced crates.io before
// there was source replacement.
func checkIndexNotSet(c *config.Config) error {
	index, err := c.String("registry.index")
	if err != nil {
		return err
	}
	if index != nil {
		return errors.New("the `registry.index` config value is no longer supported\n" +
			"Use `[source]` replacement to alter the default index for crates.io.")
	}
	return nil
}

// original returns the registry of that name before any replacement: crates.io,
// or what [registries.NAME] describes.
func original(c *config.Config, name string) (Registry, error) {
	if name == cratesIOName {
		return cratesIO(c)
	}
	if err := ValidateName(name); err != nil {
		return Registry{}, err
	}
	index, err := c.String("registries." + name + ".index")
	if err != nil {
		return Registry{}, err
	}
	if index == nil {
		return Registry{}, fmt.Errorf("registry index was not found in any configuration: `%s`", name)
	}
	u, err := indexURL(index.Val, c.ResolvePath(".", index.Definition))
	if err != nil {
		return Registry{}, fmt.Errorf("invalid index URL for registry `%s` defined in %s: %w", name, index.Definition, err)
	}
	r, err := fromURL(name, u)
	r.overridden = overridesCratesIO(c, r.Index)
	return r, err
}

// cratesIOFetched returns crates.io under the URL that its index is fetched
// from.
func cratesIOFetched(c *config.Config) (Registry, error) {
	protocol, err := c.String("registries.crates-io.protocol")
	if err != nil {
		return Registry{}, err
	}
	switch {
	case protocol == nil || protocol.Val == "sparse":
		return New(cratesIOName, cratesIOSparseIndex)
	case protocol.Val == "git":
		return cratesIO(c)
	}
	return Registry{}, fmt.Errorf("unsupported registry protocol `%s` (defined in %s)", untrusted.OneLine(protocol.Val), protocol.Definition)
}

// cratesIOOverridden is cratesIOFetched with the tests' hook.
func cratesIOOverridden(c *config.Config) (Registry, error) {
	override, ok := system.LookupEnv(c.Environ, cratesIOOverride)
	if !ok {
		return cratesIOFetched(c)
	}
	u, err := weburl.Parse(override)
	if err != nil {
		return Registry{}, err
	}
	r, err := fromURL(cratesIOName, u)
	r.overridden = r.Index == override
	return r, err
}
