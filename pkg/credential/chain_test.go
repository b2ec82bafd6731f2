package credential

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// What Cargo says at a login or logout is held by the cases in testdata/parity.
func TestChainSaysAndAsksWhatCargoDoes(t *testing.T) {
	var cases []struct {
		Name                string
		Named, Asymmetric   bool
		Config, Credentials string
		Env                 map[string]string
		Stderr, Requests    []string
	}
	recorded(t, "chain.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.Config, c.Credentials)
			for name, value := range c.Env {
				w.environ = append(w.environ, name+"="+value)
			}
			name := ""
			if c.Named {
				name = "pub"
			}
			chain := &Chain{Config: w.config(), AsymmetricTokens: c.Asymmetric}
			if _, err := chain.Token(t.Context(), name, Yank("foo", "1.0.0")); err != nil {
				w.fail(err)
			}
			got, want := untilPaseto(w.said), untilPaseto(c.Stderr)
			for i := range want {
				want[i] = strings.Replace(want[i], "nul byte found in provided data", "No such file or directory (os error 2)", 1)
			}
			if !slices.Equal(got, want) {
				t.Errorf("said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if last := len(want) - 1; last >= 0 && strings.HasPrefix(want[last], credentialPaseto) {
				return
			}
			if got := w.requests(t); !slices.Equal(got, c.Requests) {
				t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.Requests, "\n"))
			}
		})
	}
}

const credentialPaseto = "  Credential cargo:paseto"

// untilPaseto cuts off what comes after the call of cargo:paseto.
func untilPaseto(lines []string) []string {
	for i, line := range lines {
		if strings.HasPrefix(line, credentialPaseto) {
			return lines[:i+1]
		}
	}
	return lines
}

func TestChainKeepsATokenAsLongAsItsProviderAllows(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	publish := Publish("foo", "1.0.0", "")
	for _, c := range []struct {
		name  string
		token Token
		// op is what the second call asks for, after this time.
		op    Operation
		after time.Duration
		calls int
	}{
		{"never", Token{OperationIndependent: true}, publish, 0, 2},
		{"session", Token{Cache: CacheSession, OperationIndependent: true}, publish, 9999 * time.Hour, 1},
		{"session, for one operation", Token{Cache: CacheSession}, publish, 0, 2},
		{"session, for one operation, but reading", Token{Cache: CacheSession}, Read(), 0, 1},
		{"expires, before", Token{Cache: CacheExpires, Expiration: start.Add(time.Hour), OperationIndependent: true}, publish, time.Hour - time.Minute - time.Second, 1},
		{"expires, a minute before", Token{Cache: CacheExpires, Expiration: start.Add(time.Hour), OperationIndependent: true}, publish, time.Hour - time.Minute, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, _ := heldBy(t, map[string]string{"config.toml": pubConfig + "credential-provider = \"one\"\n"})
			now := start
			chain.Now = func() time.Time { return now }
			calls := 0
			chain.BuiltIn = map[string]Provider{"one": fake{get: func(context.Context, *Request, Operation) (*Token, error) {
				calls++
				token := c.token
				token.Secret = config.NewSecret("t")
				return &token, nil
			}}}
			for _, op := range []Operation{publish, c.op} {
				token, err := chain.Token(t.Context(), "pub", op)
				if err != nil || token.Expose() != "t" {
					t.Errorf("got %v, %v", token, err)
				}
				now = now.Add(c.after)
			}
			if calls != c.calls {
				t.Errorf("the provider was asked %d times, want %d", calls, c.calls)
			}
		})
	}
}

func TestChainGoesOnOnlyWhereTheNextProviderMayAnswer(t *testing.T) {
	locked := errors.New("the store is locked")
	for _, c := range []struct {
		name  string
		errs  map[string]error
		asked []string
		want  error
	}{
		{"the first has it", map[string]error{}, []string{"three"}, nil},
		{"not the first's", map[string]error{"three": ErrURLNotSupported}, []string{"three", "two"}, nil},
		{"none's", map[string]error{"three": ErrURLNotSupported, "two": ErrURLNotSupported, "one": ErrURLNotSupported}, []string{"three", "two", "one"}, ErrNoProvider},
		{"one might have had it", map[string]error{"three": ErrURLNotSupported, "two": ErrNotFound, "one": ErrURLNotSupported}, []string{"three", "two", "one"}, ErrNotFound},
		{"it fails", map[string]error{"three": ErrNotFound, "two": locked}, []string{"three", "two"}, locked},
		{"it cannot", map[string]error{"three": ErrOperationNotSupported}, []string{"three"}, ErrOperationNotSupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, _ := heldBy(t, map[string]string{
				"config.toml": pubConfig + "[registry]\nglobal-credential-providers = [\"one\", \"two\", \"three a b\"]\n",
			})
			var asked []string
			chain.BuiltIn = map[string]Provider{}
			for _, name := range []string{"one", "two", "three"} {
				chain.BuiltIn[name] = fake{get: func(_ context.Context, req *Request, _ Operation) (*Token, error) {
					asked = append(asked, name)
					if want := name == "three"; want != slices.Equal(req.Args, []string{"a", "b"}) {
						t.Errorf("%s got the arguments %q", name, req.Args)
					}
					if err := c.errs[name]; err != nil {
						return nil, err
					}
					return &Token{Secret: config.NewSecret("t")}, nil
				}}
			}
			_, err := chain.token(t.Context(), registryNamed(t, chain, "pub"), Read(), call{action: kindGet})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

// After a secret store has answered once, its absence is a failure. The token is not
// written to a file, and no token is said to be removed.
func TestSecretStoreThatDisappearsIsAFailure(t *testing.T) {
	chain, _ := heldBy(t, map[string]string{
		"config.toml": pubConfig + "[registry]\nglobal-credential-providers = [\"cargo:token\", \"cargo-credential-keyring\"]\n",
	})
	chain.BuiltIn = map[string]Provider{"cargo-credential-keyring": fake{
		get:    func(context.Context, *Request, Operation) (*Token, error) { return nil, ErrNotFound },
		login:  func(context.Context, *Request, LoginOptions) error { return ErrURLNotSupported },
		logout: func(context.Context, *Request) error { return ErrURLNotSupported },
	}}
	r, token := registryNamed(t, chain, "pub"), config.NewSecret("t")
	if _, err := chain.token(t.Context(), r, Read(), call{action: kindGet}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a get says %v", err)
	}
	for about, err := range map[string]error{
		"login":  chain.Login(t.Context(), r, LoginOptions{Token: &token}, nil),
		"logout": chain.Logout(t.Context(), r),
	} {
		if !errors.Is(err, errStoreGone) || chain.stored(t) != "" {
			t.Errorf("a %s says %v, stored %q", about, err, chain.stored(t))
		}
	}
}

func TestOnlyReadingNeedsAConfiguredProvider(t *testing.T) {
	chain, _ := heldBy(t, map[string]string{"config.toml": pubConfig, "credentials.toml": "[registries.pub]\ntoken = \"t\"\n"})
	if _, err := chain.Token(t.Context(), "pub", Read()); !errors.Is(err, ErrNotConfigured) {
		t.Errorf("got %v", err)
	}
	// The index URL also finds the credentials.
	for _, name := range []string{"pub", "sparse+http://127.0.0.1/pub/"} {
		token, err := chain.Token(t.Context(), name, Owners("foo"))
		if err != nil || token.Expose() != "t" {
			t.Errorf("%s: got %v, %v", name, token, err)
		}
	}
	if _, err := chain.Token(t.Context(), "", Owners("foo")); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTokenForAnyOperationServesEveryOperation(t *testing.T) {
	chain, _ := heldBy(t, map[string]string{"config.toml": pubConfig + "credential-provider = \"one\"\n"})
	answer := Token{Secret: config.NewSecret("t"), OperationIndependent: true}
	chain.BuiltIn = map[string]Provider{"one": fake{get: func(_ context.Context, _ *Request, op Operation) (*Token, error) {
		if op.Kind != "read" {
			t.Errorf("the provider was asked for %q", op.Kind)
		}
		return &answer, nil
	}}}
	if token, err := chain.Token(t.Context(), "pub", Any()); err != nil || token.Expose() != "t" {
		t.Errorf("got %v, %v", token, err)
	}
	answer.OperationIndependent = false
	if token, err := chain.Token(t.Context(), "pub", Any()); err == nil {
		t.Errorf("a token for reading only was taken: %v", token)
	}
}

// If the user chose a secret store that this program does not have, no other provider
// writes the token in plain text.
func TestMissingSecretStoreDoesNotLeadToPlainText(t *testing.T) {
	chain, _ := heldBy(t, map[string]string{
		"config.toml": pubConfig + "[registry]\nglobal-credential-providers = [\"cargo:token\", \"cargo:libsecret\", \"cargo:macos-keychain\", \"cargo:wincred\"]\n",
	})
	token := config.NewSecret("t")
	err := chain.Login(t.Context(), registryNamed(t, chain, "pub"), LoginOptions{Token: &token}, nil)
	if err == nil || chain.stored(t) != "" {
		t.Errorf("got %v, stored %q", err, chain.stored(t))
	}
}

// Whichever provider was used, the chain warns of another configured token and says how
// to remove it.
func TestChainWarnsOfAnotherToken(t *testing.T) {
	const (
		inFile  = "[registries.pub]\ntoken = \"old\"\n"
		removes = "; `CARGO_REGISTRIES_PUB_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry pub` removes it"
		listed  = "[registry]\nglobal-credential-providers = [\"cargo:token\", \"one\"]\n"
	)
	inEnvironment := []string{"CARGO_REGISTRIES_PUB_TOKEN=old"}
	for _, c := range []struct {
		name, config, credentials string
		environ                   []string
		login, logout             string
	}{
		{"none", pubConfig + listed, "", nil, "", ""},
		{
			"in the credentials file", pubConfig + listed, inFile, nil,
			"still has a token configured in HOME/credentials.toml, which the new one shadows" + removes,
			"still has a token configured in HOME/credentials.toml, which stays in force: a logout removes the one of `one` only" + removes,
		},
		{
			"in the environment", pubConfig + listed, inFile, inEnvironment,
			"still has a token configured in environment variable `CARGO_REGISTRIES_PUB_TOKEN`, which the new one shadows; `unset CARGO_REGISTRIES_PUB_TOKEN` removes it",
			"still has a token configured in environment variable `CARGO_REGISTRIES_PUB_TOKEN`, which stays in force: a logout removes the one of `one` only; `unset CARGO_REGISTRIES_PUB_TOKEN` removes it",
		},
		{"that is empty", pubConfig + listed, "", []string{"CARGO_REGISTRIES_PUB_TOKEN="}, "", ""},
		{
			"in a configuration file", pubConfig + "token = \"old\"\n" + listed, "", nil,
			"still has a token configured in HOME/config.toml, which the new one shadows; delete it there",
			"still has a token configured in HOME/config.toml, which stays in force: a logout removes the one of `one` only; delete it there",
		},
		{
			"of crates.io", listed, "[registry]\ntoken = \"old\"\n", nil,
			"still has a token configured in HOME/credentials.toml, which the new one shadows; " +
				"`CARGO_REGISTRY_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry crates-io` removes it",
			"still has a token configured in HOME/credentials.toml, which stays in force: a logout removes the one of `one` only; " +
				"`CARGO_REGISTRY_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry crates-io` removes it",
		},
		{
			// Cargo itself warns of it.
			"that no provider looks at", pubConfig + "credential-provider = \"one\"\n", inFile, nil,
			"has a token configured in HOME/credentials.toml that will be ignored because this registry is configured to use credential-provider `one`",
			"has a token configured in HOME/credentials.toml that will be ignored because this registry is configured to use credential-provider `one`",
		},
		{"that the provider has changed itself", pubConfig + listed, inFile + "# goes\n", nil, "", ""},
	} {
		for action, want := range map[string]string{kindLogin: c.login, kindLogout: c.logout} {
			t.Run(action+", "+c.name, func(t *testing.T) {
				chain, told := heldBy(t, map[string]string{"config.toml": c.config, "credentials.toml": c.credentials}, c.environ...)
				done := func() error {
					if strings.Contains(c.credentials, "# goes") {
						return os.WriteFile(filepath.Join(chain.Config.Home, "credentials.toml"), nil, 0o600)
					}
					return nil
				}
				chain.BuiltIn = map[string]Provider{"one": fake{
					login:  func(context.Context, *Request, LoginOptions) error { return done() },
					logout: func(context.Context, *Request) error { return done() },
				}}
				name := "pub"
				if c.config == listed {
					name = "crates-io"
				}
				r, token := registryNamed(t, chain, name), config.NewSecret("tok")
				var err error
				if action == kindLogin {
					err = chain.Login(t.Context(), r, LoginOptions{Token: &token}, nil)
				} else {
					err = chain.Logout(t.Context(), r)
				}
				if err != nil {
					t.Fatal(err)
				}
				got := strings.Join(slices.DeleteFunc(*told, func(s string) bool { return strings.HasPrefix(s, "Credential") }), "\n")
				if want != "" {
					want = "registry `" + name + "` " + want
				}
				if got != want {
					t.Errorf("told\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}
