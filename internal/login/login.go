// Package login has the command `login`. It is a package of its own because a logout
// must not link the HTTP client.
package login

import (
	"context"
	"errors"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/cargo-auth/cargo-auth/internal/cli"
	"github.com/cargo-auth/cargo-auth/internal/terminal"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/credential/paseto"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
	"github.com/cargo-auth/cargo-auth/pkg/registry/index"
)

// Command is the command `login`.
var Command = &cli.Command{Name: "login", About: "Log in to a registry.", TakesToken: true, Run: run}

func run(ctx context.Context, s *cli.Session) error {
	// net/http logs protocol errors of servers, which do not help the user.
	log.SetOutput(io.Discard)
	r, err := s.Registry()
	if err != nil {
		return err
	}
	warnOfIndex(s, r)
	chain := s.Chain()
	chain.BuiltIn[paseto.Name] = paseto.New(s.Config, time.Now)
	loginURL, err := loginURL(ctx, s, chain, r)
	if err != nil {
		return err
	}
	options := credential.LoginOptions{LoginURL: loginURL, Token: givenToken(s.Options)}
	if options.Token != nil {
		s.Shell.Hide(*options.Token)
	}
	return chain.Login(ctx, r, options, s.Options.Args)
}

// loginURL asks the registry's index where a person finds a token. A registry that
// requires a token to answer may name the page in its refusal.
func loginURL(ctx context.Context, s *cli.Session, chain *credential.Chain, r registry.Registry) (string, error) {
	warnOnce := sync.OnceFunc(func() { warnOfNetwork(s) })
	// What is typed before the prompt does not show, unless git or a credential
	// provider may be asking for it.
	hide := func() (restore func()) {
		if s.Options.Token != nil || !r.IsSparse() {
			return func() {}
		}
		return terminal.Hide(os.Stdin)
	}
	restore := hide()
	defer func() { restore() }()
	stored := chain.ForIndex(r)
	client := index.Client{
		Config:    s.Config,
		Registry:  r,
		Frozen:    s.Options.Frozen,
		Offline:   s.Options.Offline,
		UserAgent: "cargo-login/" + cli.Version(),
		Stderr:    os.Stderr,
		Quiet:     !s.Shell.ShowsProgress(),
		Verbose:   s.Shell.Verbosity == cli.Verbose,
		Progress:  func() func() { return s.Shell.Progress("Fetch", "0 complete; 1 pending") },
		Token: func(_ context.Context, challenge *registry.Challenge) (token config.Secret, err error) {
			if given := s.Options.Token; given != nil {
				token = config.NewSecret(*given)
			} else {
				restore()
				token, err = stored(ctx, challenge)
				restore = hide()
			}
			if err == nil {
				s.Shell.Hide(token)
				warnOnce()
			}
			return token, err
		},
	}
	fetching := ctx
	if r.IsSparse() {
		// A download leaves nothing to clean up: a signal may end it at once.
		fetching = context.WithoutCancel(ctx)
	}
	answer, err := client.Fetch(fetching)
	var unauthorized *index.AuthorizationError
	switch {
	case errors.As(err, &unauthorized):
		return link(unauthorized.LoginURL), nil
	case err != nil:
		return "", err
	}
	return link(*answer.API + "/me"), nil
}

// longestLink is the length in bytes of the longest URL that login shows.
const longestLink = 2000

// link returns a URL from a registry if it is safe to show to the user, who may click
// on it: a web page or a file, without a user name, and no longer than a screen.
func link(text string) string {
	u, err := url.Parse(text)
	if len(text) > longestLink {
		return ""
	}
	isPage := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	if !isPage && !strings.HasPrefix(text, "file:///") {
		return ""
	}
	return text
}

// givenToken returns the token from the command line, or from a line of standard
// input unless that is a terminal; nil if the provider must ask for it.
func givenToken(o cli.Options) *config.Secret {
	if o.Token != nil {
		token := config.NewSecret(*o.Token)
		return &token
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	// A signal ends the program here: it has nothing to clean up.
	line, err := terminal.ReadLine(os.Stdin)
	// As in Cargo, a line that cannot be read, or is not UTF-8, counts as missing.
	line = strings.TrimSpace(line)
	if err != nil || line == "" || !utf8.ValidString(line) {
		return nil
	}
	token := config.NewSecret(line)
	return &token
}

// warnOfIndex warns if a project's configuration gives one of the user's registries
// another index, because the token goes there. A registry that only the project
// defines gives no warning.
func warnOfIndex(s *cli.Session, r registry.Registry) {
	key := "registries." + r.Name() + ".index"
	index, own := fromProject(s, key)
	if index == nil || own == nil {
		return
	}
	if other, err := registry.New(r.Name(), own.Val); err == nil && other.Canonical() != r.Canonical() {
		s.Shell.Warn("`%s` in `%s` is another registry than in `%s`:\n"+
			"the token goes to `%s`, not to `%s`", key, index.Definition, own.Definition, r.Index(), other.Index())
	}
}

// warnOfNetwork warns if a project's configuration chooses the proxy or the
// certificates that a token is sent with.
func warnOfNetwork(s *cli.Session) {
	warn := func(key, decides string, meaning func(string, config.Definition) string) {
		value, own := fromProject(s, key)
		if value != nil && (own == nil || meaning(own.Val, own.Definition) != meaning(value.Val, value.Definition)) {
			s.Shell.Warn("`%s` in `%s`, not in your own configuration, says %s", key, value.Definition, decides)
		}
	}
	warn("http.proxy", "through which proxy the token is sent",
		func(address string, _ config.Definition) string { return address })
	warn("http.cainfo", "whose certificates are trusted when the token is sent",
		func(path string, d config.Definition) string { return filepath.Clean(s.Config.ResolvePath(path, d)) })
}

// fromProject returns a value that a project's configuration sets, and the one in
// the user's own configuration; nil for a missing one.
func fromProject(s *cli.Session, key string) (value, own *config.Value[string]) {
	value, err := s.Config.String(key)
	if err != nil || value == nil || value.Definition.Path == "" || value.Definition.CommandLine || filepath.Dir(value.Definition.Path) == s.Config.Home {
		return nil, nil
	}
	home := config.New(config.Options{Dir: s.Config.Home, Home: s.Config.Home})
	if own, err = home.String(key); err != nil || own != nil && own.Definition == value.Definition {
		return nil, nil
	}
	return value, own
}
