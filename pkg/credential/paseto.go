package credential

import (
	"context"
	"errors"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// AsymmetricKeys is the cryptography of cargo:paseto. A secret key is a PASERK
// "k3.secret.…".
type AsymmetricKeys interface {
	// Generate makes a secret key.
	Generate() config.Secret
	// Public returns a secret key's public key, a PASERK "k3.public.…".
	Public(secret config.Secret) (string, error)
	// Identifier returns the PASERK "k3.pid.…" of a secret key's public key.
	Identifier(secret config.Secret) (string, error)
	// Sign returns a PASETO v3.public token of claims and a footer, each a JSON
	// object.
	Sign(secret config.Secret, claims, footer []byte) (config.Secret, error)
}

var (
	errNoKeys  = errors.New("this program cannot use the keys of `cargo:paseto`")
	errNoClock = errors.New("`cargo:paseto` cannot sign a token: this program gives it no time")
	errNoKey   = errors.New("not a validly formatted PASERK secret key")
)

// pasetoProvider is cargo:paseto: a secret key is kept in Cargo's credentials
// file, and each token is signed with it for one operation, as RFC 3231 says.
type pasetoProvider struct{ credentialsEntry }

// Get signs a token.
func (p *pasetoProvider) Get(_ context.Context, req *Request, op Operation) (*Token, error) {
	if _, err := parsePasetoArgs(req.Args); err != nil {
		return nil, err
	}
	configured, err := p.chain.configuration(p.registry)
	switch {
	case err != nil:
		return nil, err
	case configured == nil || configured.SecretKey == nil:
		return nil, ErrNotFound
	case p.chain.Keys == nil:
		return nil, errNoKeys
	case p.chain.Now == nil:
		return nil, errNoClock
	}
	key := configured.SecretKey.Val
	identifier, err := p.chain.Keys.Identifier(key)
	if err != nil {
		return nil, err
	}
	claims := pasetoClaims(p.chain.Now(), configured.SecretKeySubject, op)
	footer := appendString([]byte(`{"url":`), req.IndexURL)
	footer = append(appendMember(footer, "kip", identifier), '}')
	signed, err := p.chain.Keys.Sign(key, claims, footer)
	if err != nil {
		return nil, &layer{"failed to sign request", err}
	}
	token := &Token{Secret: signed, Cache: CacheNever}
	if op.Kind == Read.Kind {
		token.Cache = CacheSession
	}
	return token, nil
}

// pasetoClaims is what a token says of its operation. An operation that RFC
// 3231 does not know is none, as for reading.
func pasetoClaims(now time.Time, subject *config.Value[string], op Operation) []byte {
	claims := appendString([]byte(`{"iat":`), now.UTC().Format(time.RFC3339Nano))
	if subject != nil {
		claims = appendMemberAlways(claims, "sub", subject.Val)
	}
	if fields := operationFields(op.Kind); fields != nil {
		claims = appendMember(claims, "mutation", op.Kind)
		claims = op.appendFields(claims, fields)
	}
	return append(claims, '}')
}

// Login stores the key that the login brings, or a new one, and shows its
// public key. The key's subject stays unless an argument gives another.
func (p *pasetoProvider) Login(ctx context.Context, req *Request, login LoginOptions) error {
	subject, err := parsePasetoArgs(req.Args)
	if err != nil {
		return err
	}
	configured, err := p.chain.configuration(p.registry)
	switch {
	case err != nil:
		return err
	case p.chain.Keys == nil:
		return errNoKeys
	}
	if subject == nil && configured != nil && configured.SecretKeySubject != nil {
		subject = &configured.SecretKeySubject.Val
	}
	var key config.Secret
	if login.Token != nil {
		key = *login.Token
	} else {
		key = p.chain.Keys.Generate()
	}
	public, err := p.chain.Keys.Public(key)
	if err != nil {
		return errNoKey
	}
	// Cargo shows it even to a user who asked for quiet.
	p.chain.Config.Notice(config.Plain, "%s", public)
	if err := p.edit(ctx, func(f *config.CredentialsFile, name string) error {
		return f.SetSecretKey(name, key, subject)
	}); err != nil {
		return err
	}
	p.forget()
	return nil
}

// Logout removes the key from the credentials file.
func (p *pasetoProvider) Logout(ctx context.Context, req *Request) error {
	if _, err := parsePasetoArgs(req.Args); err != nil {
		return err
	}
	return p.remove(ctx, storedSecret{
		"secret-key",
		func(r *config.RegistryConfig) *config.Value[config.Secret] { return r.SecretKey },
		func(s config.Stored) *config.Secret { return s.SecretKey },
	}, nil)
}
