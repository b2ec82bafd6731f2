// Package login is Cargo's `login` without Rust: it stores a token for a
// registry.
package login

import (
	"context"
	"errors"
	"io"
	"log"
	"net/url"
	"os"
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

// Run returns the command, of a program of this version.
func Run(version string) cli.Run {
	// net/http logs what a server says unasked; the user has no use for it.
	log.SetOutput(io.Discard)
	return func(ctx context.Context, s *cli.Session) error {
		target, err := s.Target()
		if err != nil {
			return err
		}
		s.WarnOfIndex(target.Registry)
		chain := s.Chain()
		chain.BuiltIn[paseto.Name] = paseto.New(s.Config, time.Now)
		loginURL, err := loginURL(ctx, s, chain, target, "cargo-login/"+version)
		if err != nil {
			return err
		}
		options := credential.LoginOptions{LoginURL: loginURL, Token: givenToken(s.Options)}
		if options.Token != nil {
			s.Shell.Hide(*options.Token)
		}
		return chain.Login(ctx, target.Registry, options, s.Options.Args)
	}
}

// loginURL asks the registry's index where a person finds a token. A registry
// that wants a token before it answers may say so too.
func loginURL(ctx context.Context, s *cli.Session, chain *credential.Chain, target registry.Target, userAgent string) (string, error) {
	warnOfNetwork := sync.OnceFunc(s.WarnOfNetwork)
	// What is typed before the prompt is not shown, except to another program: a
	// git or a credential provider may ask for a name.
	hide := func() (restore func()) {
		if s.Options.Token != nil || target.Source.Kind != registry.Sparse {
			return func() {}
		}
		return terminal.Hide(os.Stdin)
	}
	restore := hide()
	defer func() { restore() }()
	client := index.Client{
		Config:    s.Config,
		Frozen:    s.Options.Frozen,
		Offline:   s.Offline,
		UserAgent: userAgent,
		Now:       time.Now,
		Stderr:    os.Stderr,
		Quiet:     !s.Shell.ShowsProgress(),
		Verbose:   s.Shell.Verbosity == cli.Verbose,
		Progress:  func() func() { return s.Shell.Progress("Fetch", "0 complete; 1 pending") },
		Token: func(_ context.Context, headers []string) (config.Secret, error) {
			var token config.Secret
			if given := s.Options.Token; given != nil {
				token = config.NewSecret(*given)
			} else {
				restore()
				var err error
				token, err = chain.ForIndex(target.Registry)(ctx, headers)
				restore = hide()
				if err != nil {
					return config.Secret{}, err
				}
			}
			s.Shell.Hide(token)
			warnOfNetwork()
			return token, nil
		},
	}
	fetching := ctx
	if target.Source.Kind == registry.Sparse {
		// A download leaves nothing to clean up, so a signal may end it at once.
		fetching = context.WithoutCancel(ctx)
	}
	answer, err := client.Fetch(fetching, target)
	var unauthorized *index.AuthorizationError
	switch {
	case errors.As(err, &unauthorized):
		return link(unauthorized.LoginURL), nil
	case err != nil:
		return "", err
	}
	return link(*answer.API + "/me"), nil
}

// longestLink is the length in bytes of the longest URL that is shown.
const longestLink = 2000

// link returns a URL of a registry as it is shown to the user, who may click on
// it: empty if it is no page of the web, nor a file, or names a user, or is longer
// than a screen.
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

// givenToken returns the token from the command line, or a line of standard
// input if that is no terminal; nil if the provider has to ask.
func givenToken(o cli.Options) *config.Secret {
	if o.Token != nil {
		token := config.NewSecret(*o.Token)
		return &token
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	// A signal ends the program here, where there is nothing to clean up.
	line, err := terminal.ReadLine(context.Background(), os.Stdin)
	// As with Cargo, what cannot be read, or is no text, is no token.
	line = strings.TrimSpace(line)
	if err != nil || line == "" || !utf8.ValidString(line) {
		return nil
	}
	token := config.NewSecret(line)
	return &token
}
