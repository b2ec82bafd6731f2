package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// completeRequest, as the first argument, asks what may stand in place of the
// last of the arguments behind it. The shells ask, by the files of
// cmd/internal/completions. They read the answer as cobra writes it: a line for
// each candidate, with a description behind a tab, and last a directive.
const completeRequest = "__complete"

// directive tells a shell what else to offer. The numbers are cobra's.
type directive int

const (
	offerFiles       directive = 0
	offerNothing     directive = 4
	offerDirectories directive = 16
)

// complete answers a request for completion. It says nothing of what is wrong,
// on the command line or in the configuration: there is just nothing to offer.
func (c Command) complete(args, environ []string) string {
	if len(args) == 0 {
		args = []string{""}
	}
	candidates, directive := c.candidates(args[:len(args)-1], args[len(args)-1], environ)
	var b strings.Builder
	for _, candidate := range candidates {
		b.WriteString(candidate + "\n")
	}
	fmt.Fprintf(&b, ":%d\n", directive)
	return b.String()
}

// candidates returns what may stand in place of word behind the arguments.
func (c Command) candidates(args []string, word string, environ []string) ([]string, directive) {
	_, dir, behind, err := c.cutFront(args)
	if err != nil && args[len(args)-1] == "-C" {
		return nil, offerDirectories
	}
	p := newParser(c)
	if err != nil || slices.Contains(args, "--") || p.read(behind) != nil {
		return nil, offerNothing
	}
	option, value := p.awaited(), word
	switch {
	case option != nil && looksLikeOption(word):
		return nil, offerNothing
	case option != nil:
	case p.acceptPending() != nil:
		return nil, offerNothing
	case strings.Contains(word, "="):
		var name string
		name, value, _ = strings.Cut(word, "=")
		option = p.command.optionNamed(name)
	default:
		return p.optionsFor(word), offerNothing
	}
	switch {
	case option == nil:
		return nil, offerNothing
	case option.long == "config":
		return nil, offerFiles
	case option.long == "registry":
		return startingWith(value, registries(dir, environ, p.options.Config)), offerNothing
	default:
		return startingWith(value, option.possible), offerNothing
	}
}

// optionsFor returns the names of the options that may still be given, with
// their help: short ones only to those who do not want a long one.
func (p *parser) optionsFor(word string) []string {
	var names []string
	for _, s := range p.command.sections {
		for _, o := range s.options {
			if o.instead != "" || !o.repeats && slices.Contains(p.accepted, o) {
				continue
			}
			names = append(names, o.name()+"\t"+o.help)
			if o.long != "" && o.short != "" && word != "" {
				names = append(names, "-"+o.short+"\t"+o.help)
			}
		}
	}
	return startingWith(word, names)
}

func startingWith(prefix string, candidates []string) []string {
	return slices.DeleteFunc(slices.Clone(candidates), func(candidate string) bool {
		return !strings.HasPrefix(candidate, prefix)
	})
}

// registries are the registries of the configuration in dir, with --config
// values laid over it.
func registries(dir *string, environ, overrides []string) []string {
	if dir != nil && os.Chdir(*dir) != nil {
		return nil
	}
	return CompleteRegistries(environ, overrides...)
}

// CompleteRegistries returns what completion offers for --registry: crates-io
// and the registries of the current directory's configuration, with the
// --config values laid over it. Behind a tab each has the host of its index;
// the rest of the URL may hold a secret. A configuration that is broken has
// none.
func CompleteRegistries(environ []string, overrides ...string) []string {
	c, err := openConfig(environ, nil)
	if err != nil || c.Override(overrides) != nil {
		return nil
	}
	configured, err := c.Registries()
	if err != nil {
		return nil
	}
	candidates := []string{"crates-io\tcrates.io"}
	for _, named := range configured {
		if named.Name == "crates-io" || registry.ValidateName(named.Name) != nil {
			continue
		}
		candidate := named.Name
		if r, err := registry.New(named.Name, named.Index.Val); err == nil && r.Host() != "" {
			candidate += "\t" + r.Host()
		}
		candidates = append(candidates, candidate)
	}
	return candidates
}
