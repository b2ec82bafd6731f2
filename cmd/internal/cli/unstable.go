package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// Unstable are the unstable flags that mean something to these programs.
type Unstable struct {
	AsymmetricToken bool
	UnstableOptions bool
}

// set records a flag.
func (u *Unstable) set(name string, on bool) {
	switch name {
	case "asymmetric-token":
		u.AsymmetricToken = on
	case "unstable-options":
		u.UnstableOptions = on
	}
}

const channelsPage = "See https://doc.rust-lang.org/book/appendix-07-nightly-rust.html " +
	"for more information about Rust release channels."

// parseUnstable reads the values of -Z as Cargo does: only some channels
// accept any, unknown names are refused, and those that are no longer needed
// are warned of. allowed are the only features that may be named, unless
// -Zallow-features lists others; nil allows all.
func parseUnstable(flags []string, channel Channel, allowed []string) (u Unstable, warnings []string, err error) {
	if len(flags) > 0 && !channel.Unstable() {
		return u, nil, fmt.Errorf("the `-Z` flag is only accepted on the nightly channel of Cargo, "+
			"but this is the `%s` channel\n%s", channel, channelsPage)
	}
	// Cargo looks for the list first, and then meets it again among the others.
	for _, flag := range flags {
		if list, found := strings.CutPrefix(flag, "allow-features="); found {
			allowed = featureSet(list)
		}
	}
	for _, flag := range flags {
		name, list, _ := strings.Cut(flag, "=")
		if name == "allow-features" {
			allowed = featureSet(list)
		} else if allowed != nil && !slices.Contains(allowed, name) {
			return u, nil, fmt.Errorf("the feature `%s` is not in the list of allowed features: [%s]", name, strings.Join(allowed, ", "))
		}
		warning, err := u.add(flag)
		if err != nil {
			return u, nil, err
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return u, warnings, nil
}

// featureSet returns the features of a list, sorted, each once.
func featureSet(list string) []string {
	if list == "" {
		return []string{}
	}
	features := strings.Split(list, ",")
	slices.Sort(features)
	return slices.Compact(features)
}

// add adds one flag. Names that mean nothing any more are warned of.
func (u *Unstable) add(flag string) (warning string, err error) {
	name, value, hasValue := strings.Cut(flag, "=")
	if i := slices.IndexFunc(stabilizedFlags, func(s stabilized) bool { return s.name == name }); i >= 0 {
		s := stabilizedFlags[i]
		if name == "features" && isNoResolver(value) {
			return "", nil
		}
		text := fmt.Sprintf("flag `-Z %s` has been stabilized in the %s release", s.name, s.release)
		now := "\n  " + strings.ReplaceAll(s.now, "\n", "\n  ") + "\n"
		if s.refused {
			return "", errors.New(text + now)
		}
		return text + ", and is no longer necessary" + now, nil
	}
	i := slices.IndexFunc(unstableFlags, func(f unstableFlag) bool { return f.name == name })
	if i < 0 {
		return "", fmt.Errorf("unknown `-Z` flag specified: %[1]s\n\n"+
			"For available unstable features, see https://doc.rust-lang.org/nightly/cargo/reference/unstable.html\n"+
			"If you intended to use an unstable rustc feature, try setting `RUSTFLAGS=\"-Z%[1]s\"`", name)
	}
	if err := unstableFlags[i].check(value, hasValue); err != nil {
		return "", err
	}
	u.set(name, true)
	return "", nil
}

// isNoResolver reports whether the value of -Zfeatures names none of the
// features that Cargo's new resolver brought; then it is no longer mentioned.
func isNoResolver(value string) bool {
	known := []string{"all", "itarget", "build_dep", "host_dep", "dev_dep"}
	return value != "" && !slices.ContainsFunc(strings.Split(value, ","), func(word string) bool {
		return slices.Contains(known, word)
	})
}

// check refuses a value that the flag does not take.
func (f unstableFlag) check(value string, hasValue bool) error {
	onlyFrom := func(known ...string) bool {
		for word := range strings.SplitSeq(value, ",") {
			if hasValue && !slices.Contains(known, word) {
				return false
			}
		}
		return true
	}
	switch f.takes {
	case noValue:
		if hasValue {
			return fmt.Errorf("flag -Z%s does not take a value, found: `%s`", f.name, value)
		}
	case yesOrNo:
		if hasValue && value != "yes" && value != "no" {
			return fmt.Errorf("flag -Z%s expected `no` or `yes`, found: `%s`", f.name, value)
		}
	case editionValue:
		if !hasValue {
			return fmt.Errorf("-Z%s expected a value", f.name)
		}
		return checkEditions(f.name, value)
	case gitValue:
		if !onlyFrom("shallow-index", "shallow-deps") {
			return errors.New("unstable 'git' only takes `shallow-index` and `shallow-deps` as valid inputs")
		}
	case gitoxideValue:
		if !onlyFrom("fetch", "checkout", "internal-use-git2") {
			return errors.New("unstable 'gitoxide' only takes `fetch` and `checkout` and `internal-use-git2` as valid inputs, " +
				"for shallow fetches see `-Zgit=shallow-index,shallow-deps`")
		}
	}
	return nil
}

// key is the flag as a key of the table [unstable].
func (f unstableFlag) key() config.UnstableKey {
	key := config.UnstableKey{Name: f.name, Kind: config.UnstableOther}
	switch f.takes {
	case noValue, yesOrNo:
		key.Kind = config.UnstableFlag
	case listValue:
		key.Kind = config.UnstableList
	case gitValue, gitoxideValue:
		key.Kind = config.UnstableFeatures
		key.Check = func(text string) error { return f.check(text, true) }
	}
	return key
}

// checkEditions checks the value of -Zfix-edition.
func checkEditions(name, value string) error {
	if start, found := strings.CutPrefix(value, "start="); found {
		return checkEdition(start)
	}
	end, found := strings.CutPrefix(value, "end=")
	if !found {
		return fmt.Errorf("invalid `-Z%s, expected start= or end=, got `%s`", name, value)
	}
	initial, next, found := strings.Cut(end, ",")
	if !found {
		return errors.New("expected `initial,next`")
	}
	if err := checkEdition(initial); err != nil {
		return err
	}
	return checkEdition(next)
}

func checkEdition(edition string) error {
	switch edition {
	case "2015", "2018", "2021", "2024", "future":
		return nil
	}
	if year, err := strconv.ParseUint(strings.TrimPrefix(edition, "+"), 10, 16); err == nil && year > 2024 && year < 2050 {
		return fmt.Errorf("this version of Cargo is older than the `%s` edition, "+
			"and only supports `2015`, `2018`, `2021`, and `2024` editions.", edition)
	}
	return fmt.Errorf("supported edition values are `2015`, `2018`, `2021`, or `2024`, but `%s` is unknown", edition)
}

// asksUnstableHelp reports whether the list of unstable flags was asked for.
func (o *Options) asksUnstableHelp() bool {
	return len(o.Unstable) > 0 && o.Unstable[0] == "help"
}

// unstableHelp lists the unstable flags.
func unstableHelp(channel Channel) *Answer {
	var b strings.Builder
	b.WriteString(heading.paint("Available unstable (nightly-only) flags:") + "\n\n")
	for _, f := range unstableFlags {
		if f.help != "" {
			b.WriteString("    " + literal.paint(fmt.Sprintf("-Z %-26s", f.name)) + "  " + f.help + "\n")
		}
	}
	b.WriteString("\nRun with `" + literal.paint("cargo -Z") + " " + placeholder.paint("[FLAG] [COMMAND]") + "`\n")
	if !channel.Unstable() {
		fmt.Fprintf(&b, "\nUnstable flags are only available on the nightly channel of Cargo, but this is the `%s` channel.\n%s\n", channel, channelsPage)
	}
	b.WriteString("\nSee https://doc.rust-lang.org/nightly/cargo/reference/unstable.html for more information about these flags.\n")
	return &Answer{text: func(int) string { return b.String() }, late: true}
}
