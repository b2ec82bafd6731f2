package credential

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// The two providers that keep their secrets in Cargo's credentials file.

// tokenProvider is cargo:token: the token is what the configuration has, and
// is kept in Cargo's credentials file.
type tokenProvider struct {
	credentialsEntry
	chain *Chain
}

// Get returns the configured token, from wherever it is configured.
func (p *tokenProvider) Get(context.Context, *Request, Operation) (*Token, error) {
	configured, err := p.chain.configuration(p.registry)
	switch {
	case err != nil:
		return nil, err
	case configured == nil || configured.Token == nil:
		return nil, ErrNotFound
	}
	return &Token{Secret: configured.Token.Val, Cache: CacheSession, OperationIndependent: true}, nil
}

// Login writes the token to the credentials file.
func (p *tokenProvider) Login(ctx context.Context, req *Request, login LoginOptions) error {
	token, err := login.ReadToken(ctx, req, p.chain.ReadToken)
	if err != nil {
		return err
	}
	token = Unpasted(token)
	if err := CheckToken(token); err != nil {
		return err
	}
	if p.isAnonymous() {
		return errAnonymous
	}
	file, err := p.config.SetToken(ctx, p.name(), token)
	if err != nil {
		return err
	}
	where := ""
	if p.chain.noStore {
		where = " in plain text in " + file
	}
	say(p.config, config.Status, "Login", "token for `%s` saved%s", p.registry.DisplayName(), where)
	return nil
}

// Logout removes the token from the credentials file.
func (p *tokenProvider) Logout(ctx context.Context, _ *Request) error {
	configured, err := p.chain.configuration(p.registry)
	if err != nil {
		return err
	}
	return p.remove(ctx, configured, storedToken)
}

// KeyStore is cargo:paseto without its cryptography: it keeps secret keys in
// Cargo's credentials file. On its own it is a [Provider] that can only remove
// one. The provider that signs with them is in package [paseto], so that a
// program that signs nothing is a megabyte smaller.
//
// [paseto]: https://pkg.go.dev/github.com/cargo-auth/cargo-auth/pkg/credential/paseto
type KeyStore struct{ Config *config.Config }

var errNoCryptography = errors.New("this program cannot use the keys of `cargo:paseto`")

// Get returns an error.
func (s KeyStore) Get(_ context.Context, req *Request, _ Operation) (*Token, error) {
	configured, err := s.Configured(req)
	switch {
	case err != nil:
		return nil, err
	case configured.SecretKey == nil:
		return nil, ErrNotFound
	}
	return nil, errNoCryptography
}

// Login returns an error.
func (KeyStore) Login(context.Context, *Request, LoginOptions) error { return errNoCryptography }

// Logout removes the secret key from the credentials file.
func (s KeyStore) Logout(ctx context.Context, req *Request) error {
	e, configured, _, err := s.find(req)
	if err != nil {
		return err
	}
	return e.remove(ctx, configured, storedKey)
}

// Configured returns what is configured for a registry: its secret key and the
// key's subject, from wherever they are.
func (s KeyStore) Configured(req *Request) (*config.RegistryConfig, error) {
	_, configured, _, err := s.find(req)
	return configured, err
}

// SetKey stores a secret key. Its subject is what the provider's argument
// --key-subject says, else it stays.
func (s KeyStore) SetKey(ctx context.Context, req *Request, key config.Secret) error {
	e, configured, subject, err := s.find(req)
	if err != nil {
		return err
	}
	if subject == nil && configured.SecretKeySubject != nil {
		subject = configured.SecretKeySubject
	}
	if e.isAnonymous() {
		return errAnonymous
	}
	return e.config.SetSecretKey(ctx, e.name(), key, subject)
}

// find returns what is configured for a registry, and the subject that the
// provider's arguments give. What there is to tell of the configuration the
// chain has told already.
func (s KeyStore) find(req *Request) (e credentialsEntry, configured *config.RegistryConfig, subject *string, err error) {
	if subject, err = keySubject(req.Args); err != nil {
		return e, nil, nil, err
	}
	r, err := registry.New(req.Name, req.IndexURL)
	if err != nil {
		return e, nil, nil, err
	}
	configured, err = registry.Credentials(s.Config.Quiet(), r)
	if configured == nil {
		configured = &config.RegistryConfig{}
	}
	return credentialsEntry{s.Config, r}, configured, subject, err
}

// keySubject returns the value of the only argument that cargo:paseto has; nil
// if it is not given.
func keySubject(args []string) (subject *string, err error) {
	const usage = "; the only one is `--key-subject <SUBJECT>`"
	for i := 0; i < len(args); i++ {
		name, value, inline := strings.Cut(args[i], "=")
		switch {
		case name != "--key-subject":
			return nil, fmt.Errorf("unexpected argument `%s`"+usage, args[i])
		case subject != nil:
			return nil, errors.New("the argument `--key-subject` is given twice")
		case !inline && (i+1 == len(args) || len(args[i+1]) > 1 && args[i+1][0] == '-'):
			return nil, errors.New("error: a value is required for '--key-subject <SUBJECT>' but none was supplied\n\nFor more information, try '--help'.")
		case !inline:
			i++
			value = args[i]
		}
		subject = &value
	}
	return subject, nil
}

// credentialsEntry is what Cargo's credentials file holds for a registry.
type credentialsEntry struct {
	config   *config.Config
	registry registry.Registry
}

// storedSecret is one of the two secrets that an entry can hold.
type storedSecret string

const (
	storedToken storedSecret = "token"
	storedKey   storedSecret = "secret-key"
)

// configured returns the secret that is configured for a registry; nil if there
// is none.
func (s storedSecret) configured(r *config.RegistryConfig) *config.Value[config.Secret] {
	switch {
	case r == nil:
		return nil
	case s == storedToken:
		return r.Token
	}
	return r.SecretKey
}

// remove removes what the file holds for the registry, if the secret is
// configured, and says so. Where another place than the file defines the secret
// too, which stays in force, the user is told; Cargo says then that it has
// removed it.
func (e credentialsEntry) remove(ctx context.Context, before *config.RegistryConfig, secret storedSecret) error {
	if secret.configured(before) == nil {
		return ErrNotFound
	}
	var stored *config.RegistryConfig
	if !e.isAnonymous() {
		var err error
		if stored, err = e.config.RemoveCredentials(ctx, e.name()); err != nil {
			return err
		}
	}
	if secret.configured(stored) != nil {
		say(e.config, config.Status, "Logout", "%s for `%s` has been removed from local storage", secret, e.registry.DisplayName())
		if secret == storedToken {
			location := "the `" + e.registry.DisplayName() + "` website"
			if e.registry.IsCratesIO() {
				location = "<https://crates.io/me>"
			}
			// Cargo shows this even to a user who asked for quiet.
			say(e.config, config.Plain, "", "note: This does not revoke the token on the registry server.\n"+
				"    If you need to revoke the token, visit %s and follow the instructions there.", location)
		}
	}
	left := e.left(before, secret)
	if left == nil || isEmpty(left) {
		if stored == nil {
			return ErrNotFound
		}
		return nil
	}
	because := "a logout removes the one in the credentials file only"
	if e.inFile(left.Definition) {
		because = "it belongs to another name of the registry"
	}
	say(e.config, config.Warning, "", "%s still has a %s configured in %s, which stays in force: %s", e.registry, secret, left.Definition, because)
	return nil
}

// left returns the secret that is configured for the registry now, where there
// was one before. The user is told if that cannot be found out.
func (e credentialsEntry) left(before *config.RegistryConfig, secret storedSecret) *config.Value[config.Secret] {
	// What there is to say of the configuration has been said. A provider may have
	// changed the credentials file.
	after, err := e.config.Quiet().Registry(before.Name)
	if err != nil {
		// What was to be done is done.
		say(e.config, config.Warning, "", "cannot tell whether %s still has a %s configured elsewhere: %v", e.registry, secret, err)
		return nil
	}
	return secret.configured(after)
}

// tellOther tells the user of a token that is configured besides the one that
// has been stored or removed. A logout of cargo:token has told it.
func (c *Chain) tellOther(r registry.Registry, action, served string) {
	before, e := c.configured[r.Canonical()], credentialsEntry{c.Config, r}
	old := storedToken.configured(before)
	if old == nil || action == kindGet || action == kindLogout && served == nameToken {
		return
	}
	told, what := e.left(before, storedToken), "the new one shadows"
	if served == nameToken && told != nil && (told.Definition.Variable != "" || before.Name != e.name()) {
		what = "shadows the new one"
	} else if served == nameToken {
		if told = old; e.inFile(old.Definition) {
			told = e.elsewhere(before.Name)
		}
	}
	switch {
	case told == nil, isEmpty(told) && what == "the new one shadows":
		return
	case served == nameToken:
	case action == kindLogin && (isSecretStore(served) || secretStores[served] != ""):
	case !c.usesToken(r, before): // Cargo has warned of it
		return
	case action == kindLogout:
		what = "stays in force: a logout removes the one of `" + served + "` only"
	}
	c.warn("%s still has a token configured in %s, which %s; %s", r, told.Definition, what, e.removal(told.Definition, before.Name))
}

// isEmpty reports whether a secret is configured that Cargo refuses to send.
func isEmpty(s *config.Value[config.Secret]) bool { return s.Val == (config.Secret{}) }

// elsewhere returns the token that other places than the credentials file define
// in a table of that name; nil if there is none.
func (e credentialsEntry) elsewhere(name string) *config.Value[config.Secret] {
	key := "registry.token"
	if name != "" {
		key = "registries." + name + ".token"
	}
	token, err := config.New(e.config.Quiet().Options).String(key)
	if err != nil || token == nil {
		return nil
	}
	return &config.Value[config.Secret]{Val: config.NewSecret(token.Val), Definition: token.Definition}
}

// usesToken reports whether a configured token counts once the providers in
// front of cargo:token have none.
func (c *Chain) usesToken(r registry.Registry, own *config.RegistryConfig) bool {
	entries, _ := c.Providers(r)
	for _, entry := range entries {
		if entry.Name == nameToken || entry.Name == namePaseto && own.SecretKey != nil {
			return entry.Name == nameToken
		}
	}
	return false
}

// removal says how to remove a token that is configured in a table of that name.
func (e credentialsEntry) removal(d config.Definition, name string) string {
	key := "REGISTRY"
	if name != "" {
		key = "REGISTRIES_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	}
	switch {
	case d.Variable != "":
		return "`unset " + d.Variable + "` removes it"
	case e.inFile(d) && name == e.name():
		// This provider alone is asked then.
		return fmt.Sprintf("`CARGO_%s_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry %s` removes it", key, e.registry.DisplayName())
	}
	return "delete it there"
}

var errAnonymous = errors.New("can't save credentials for anonymous registry")

// isAnonymous reports whether the registry has no name to store anything under.
func (e credentialsEntry) isAnonymous() bool { return e.name() == "" && !e.registry.IsCratesIO() }

// name is the registry's in the credentials file: that by which the user called
// it, even if its credentials are configured under another one.
func (e credentialsEntry) name() string {
	if e.registry.IsCratesIO() {
		return ""
	}
	return e.registry.Name
}

// inFile reports whether something is defined in the credentials file.
func (e credentialsEntry) inFile(d config.Definition) bool {
	dir, name := filepath.Split(d.Path)
	return filepath.Clean(dir) == filepath.Clean(e.config.Home) &&
		(name == "credentials.toml" || name == "credentials")
}
