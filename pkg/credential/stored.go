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

// This file has the two built-in providers that keep their secrets in Cargo's
// credentials file, and the warnings of tokens that a login or logout leaves in
// force elsewhere.

// tokenProvider is cargo:token. It returns the token from wherever it is configured,
// and stores it in the credentials file.
type tokenProvider struct {
	entry
	chain *Chain
}

func (p *tokenProvider) Get(context.Context, *Request, Operation) (*Token, error) {
	own, err := p.chain.configuration(p.registry)
	if err != nil {
		return nil, err
	}
	if own.Token == nil {
		return nil, ErrNotFound
	}
	return &Token{Secret: own.Token.Val, Cache: CacheSession, OperationIndependent: true}, nil
}

func (p *tokenProvider) Login(ctx context.Context, req *Request, login LoginOptions) error {
	token, err := login.ReadToken(ctx, req, p.chain.ReadToken)
	if err != nil {
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
	if p.chain.storeMissing {
		where = " in plain text in " + file
	}
	say(p.config, config.Status, "Login", "token for `%s` saved%s", p.registry.String(), where)
	return nil
}

func (p *tokenProvider) Logout(ctx context.Context, _ *Request) error {
	own, err := p.chain.configuration(p.registry)
	if err != nil {
		return err
	}
	return p.remove(ctx, own, storedToken)
}

// Signer is the cryptography of cargo:paseto.
type Signer interface {
	// Generate makes a secret key.
	Generate() config.Secret
	// Public returns the public key of a secret key. It fails if the secret is not
	// a key.
	Public(key config.Secret) (string, error)
	// Sign makes a token for an operation. The subject of the key may be nil.
	Sign(key config.Secret, subject *string, req *Request, op Operation) (*Token, error)
}

// Paseto returns the provider cargo:paseto, which keeps a secret key in the
// credentials file and signs with it. Package [paseto] has the signer. Without one
// the provider can only remove a key.
//
// [paseto]: https://pkg.go.dev/github.com/cargo-auth/cargo-auth/pkg/credential/paseto
func Paseto(c *config.Config, s Signer) Provider { return &keyProvider{c, s} }

type keyProvider struct {
	config *config.Config
	signer Signer
}

var errNoSigner = errors.New("this program cannot use the keys of `cargo:paseto`")

func (p *keyProvider) Get(_ context.Context, req *Request, op Operation) (*Token, error) {
	_, own, _, err := p.find(req)
	switch {
	case err != nil:
		return nil, err
	case own.SecretKey == nil:
		return nil, ErrNotFound
	case p.signer == nil:
		return nil, errNoSigner
	}
	return p.signer.Sign(own.SecretKey.Val, own.SecretKeySubject, req, op)
}

// Login stores the key that the login brings, or a new one, and shows its public
// key. The argument --key-subject sets the subject of the key; without it, the
// subject stays.
func (p *keyProvider) Login(ctx context.Context, req *Request, login LoginOptions) error {
	if p.signer == nil {
		return errNoSigner
	}
	e, own, subject, err := p.find(req)
	if err != nil {
		return err
	}
	key := login.Token
	if key == nil {
		generated := p.signer.Generate()
		key = &generated
	}
	public, err := p.signer.Public(*key)
	if err != nil {
		return errors.New("not a validly formatted PASERK secret key")
	}
	// Cargo shows it even to a user who asked for quiet.
	say(p.config, config.Plain, "", "%s", public)
	if subject == nil {
		subject = own.SecretKeySubject
	}
	if e.isAnonymous() {
		return errAnonymous
	}
	return e.config.SetSecretKey(ctx, e.name(), *key, subject)
}

func (p *keyProvider) Logout(ctx context.Context, req *Request) error {
	e, own, _, err := p.find(req)
	if err != nil {
		return err
	}
	return e.remove(ctx, own, storedKey)
}

// find returns what is configured for a registry, and the subject that the
// provider's arguments give. The chain has already shown the warnings about the
// configuration.
func (p *keyProvider) find(req *Request) (e entry, own *config.RegistryConfig, subject *string, err error) {
	if subject, err = keySubject(req.Args); err != nil {
		return e, nil, nil, err
	}
	r, err := registry.New(req.Name, req.IndexURL)
	if err != nil {
		return e, nil, nil, err
	}
	own, err = registry.Credentials(p.config.Quiet(), r)
	if own == nil {
		own = &config.RegistryConfig{}
	}
	return entry{p.config, r}, own, subject, err
}

// keySubject returns the value of --key-subject, the only argument that
// cargo:paseto has; nil if it is missing.
func keySubject(args []string) (subject *string, err error) {
	for len(args) > 0 {
		name, value, ok := strings.Cut(args[0], "=")
		args = args[1:]
		if isOption := len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-'; !ok && len(args) > 0 && !isOption {
			value, args, ok = args[0], args[1:], true
		}
		if name != "--key-subject" || !ok || subject != nil {
			return nil, errors.New("the only argument is `--key-subject <SUBJECT>`, given once")
		}
		subject = &value
	}
	return subject, nil
}

// entry is a registry's entry in Cargo's credentials file.
type entry struct {
	config   *config.Config
	registry registry.Registry
}

// name is the registry's name in the credentials file: the one that the user gave,
// even if the credentials are configured under another name. It is empty for
// crates.io.
func (e entry) name() string {
	if e.registry.IsCratesIO() {
		return ""
	}
	return e.registry.Name()
}

// isAnonymous reports whether the registry has no name to store a secret under.
func (e entry) isAnonymous() bool { return e.name() == "" && !e.registry.IsCratesIO() }

var errAnonymous = errors.New("can't save credentials for anonymous registry")

// storedSecret is one of the two secrets that an entry can hold.
type storedSecret string

const (
	storedToken storedSecret = "token"
	storedKey   storedSecret = "secret-key"
)

// in returns the secret that is configured for a registry; nil if none is.
func (s storedSecret) in(r *config.RegistryConfig) *config.Value[config.Secret] {
	switch {
	case r == nil:
		return nil
	case s == storedToken:
		return r.Token
	}
	return r.SecretKey
}

// remove is the logout of both providers. It removes the registry's entry from the
// file and says so. If the secret is also configured elsewhere, and so stays in
// force, it warns the user; Cargo only says that it has removed the secret.
func (e entry) remove(ctx context.Context, before *config.RegistryConfig, secret storedSecret) error {
	if secret.in(before) == nil {
		return ErrNotFound
	}
	var stored *config.RegistryConfig // what the file had
	if !e.isAnonymous() {
		var err error
		if stored, err = e.config.RemoveCredentials(ctx, e.name()); err != nil {
			return err
		}
	}
	name := e.registry.String()
	if secret.in(stored) != nil {
		say(e.config, config.Status, "Logout", "%s for `%s` has been removed from local storage", secret, name)
		if secret == storedToken {
			location := "the `" + name + "` website"
			if e.registry.IsCratesIO() {
				location = "<https://crates.io/me>"
			}
			// Cargo shows this even to a user who asked for quiet.
			say(e.config, config.Plain, "", "note: This does not revoke the token on the registry server.\n"+
				"    If you need to revoke the token, visit %s and follow the instructions there.", location)
		}
	}
	left := e.inForce(before, secret)
	switch {
	case left != nil && !isEmpty(left):
	case stored == nil:
		return ErrNotFound
	default:
		return nil
	}
	because := "a logout removes the one in the credentials file only"
	if e.inFile(left.Definition) {
		because = "it belongs to another name of the registry"
	}
	warn(e.config, "registry `%s` still has a %s configured in %s, which stays in force: %s", e.registry, secret, left.Definition, because)
	return nil
}

// inForce returns the secret that is configured for the registry after a change,
// under the name that it was configured under before. It warns the user if it
// cannot tell.
func (e entry) inForce(before *config.RegistryConfig, secret storedSecret) *config.Value[config.Secret] {
	// The user has already seen the warnings about the configuration.
	after, err := e.config.Quiet().Registry(before.Name)
	if err != nil {
		// The change itself has succeeded.
		warn(e.config, "cannot tell whether registry `%s` still has a %s configured elsewhere: %v", e.registry, secret, err)
		return nil
	}
	return secret.in(after)
}

// isEmpty reports whether a secret is empty; Cargo refuses to send such a token.
func isEmpty(s *config.Value[config.Secret]) bool { return s.Val == (config.Secret{}) }

// inFile reports whether something is defined in the credentials file.
func (e entry) inFile(d config.Definition) bool {
	dir, name := filepath.Split(d.Path)
	return filepath.Clean(dir) == filepath.Clean(e.config.Home) &&
		(name == "credentials.toml" || name == "credentials")
}

const shadowed = "the new one shadows"

// warnOfOtherToken warns of a token that is configured besides the one that a
// provider has stored or removed. After a logout cargo:token itself has warned.
func (c *Chain) warnOfOtherToken(r registry.Registry, action, provider string) {
	before, e := c.configured[r.Canonical()], entry{c.Config, r}
	switch {
	case before.Token == nil, action == kindGet, action == kindLogout && provider == nameToken:
		return
	}
	isStore := isKeyringProgram(provider) || secretStores[provider] != ""
	other, effect := e.inForce(before, storedToken), shadowed
	switch {
	case provider == nameToken:
		other, effect = e.besidesStored(before, other)
	case action == kindLogin && isStore:
	case !c.usesToken(r, before):
		return // Cargo has warned that it is ignored
	}
	if other == nil || effect == shadowed && isEmpty(other) {
		return
	}
	if action == kindLogout {
		effect = "stays in force: a logout removes the one of `" + provider + "` only"
	}
	warn(c.Config, "registry `%s` still has a token configured in %s, which %s; %s", r, other.Definition, effect, e.removal(other.Definition, before.Name))
}

// besidesStored returns the token that is configured besides the one that
// cargo:token has just stored, and says which of them shadows the other.
func (e entry) besidesStored(before *config.RegistryConfig, now *config.Value[config.Secret]) (*config.Value[config.Secret], string) {
	if now != nil && (now.Definition.Variable != "" || before.Name != e.name()) {
		return now, "shadows the new one"
	}
	key := "registry.token"
	if before.Name != "" {
		key = "registries." + before.Name + ".token"
	}
	// This configuration does not have the credentials file.
	token, err := config.New(e.config.Quiet().Options).String(key)
	if err != nil || token == nil {
		return nil, ""
	}
	return &config.Value[config.Secret]{Val: config.NewSecret(token.Val), Definition: token.Definition}, shadowed
}

// usesToken reports whether Cargo uses a configured token when the providers before
// cargo:token have none.
func (c *Chain) usesToken(r registry.Registry, own *config.RegistryConfig) bool {
	providers, _ := c.Providers(r)
	for _, p := range providers {
		if p.Path == nameToken || p.Path == namePaseto && own.SecretKey != nil {
			return p.Path == nameToken
		}
	}
	return false
}

// removal says how to remove a token that is configured in the table of that name.
func (e entry) removal(d config.Definition, name string) string {
	switch {
	case d.Variable != "":
		return "`unset " + d.Variable + "` removes it"
	case e.inFile(d) && name == e.name():
		// With this variable cargo:token is the only provider.
		return fmt.Sprintf("`CARGO_%s_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry %s` removes it",
			tableVariable(name), e.registry.String())
	}
	return "delete it there"
}
