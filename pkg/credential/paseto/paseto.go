// Package paseto is Cargo's unstable provider cargo:paseto, which keeps a secret
// key and signs a token with it for each operation, as RFC 3231 says. A program
// whose [credential.Chain] may use it hands it in:
//
//	chain := &credential.Chain{Config: cfg, AsymmetricTokens: true, BuiltIn: map[string]credential.Provider{
//		paseto.Name: paseto.New(cfg, time.Now),
//	}}
//
// It is a package of its own because a program that signs nothing is a
// megabyte smaller without it.
package paseto

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// Name is the provider's name in the configuration.
const Name = "cargo:paseto"

// Provider is cargo:paseto. Keys are in the PASERK form that Cargo stores,
// tokens are PASETO v3.public.
type Provider struct {
	credential.KeyStore
	now func() time.Time
}

var _ credential.Provider = (*Provider)(nil)

// New returns the provider. now is when a token is signed.
func New(c *config.Config, now func() time.Time) *Provider {
	return &Provider{credential.KeyStore{Config: c}, now}
}

// claims is what a token says of its operation.
type claims struct {
	IssuedAt string  `json:"iat"`
	Subject  *string `json:"sub,omitempty"`
	// An operation that RFC 3231 does not know has none of these, as reading
	// has not.
	Mutation string  `json:"mutation,omitempty"`
	Name     *string `json:"name,omitempty"`
	Version  *string `json:"vers,omitempty"`
	Checksum *string `json:"cksum,omitempty"`
}

type footer struct {
	URL           string `json:"url"`
	KeyIdentifier string `json:"kip"`
}

// Get signs a token.
func (p *Provider) Get(_ context.Context, req *credential.Request, op credential.Operation) (*credential.Token, error) {
	configured, err := p.Configured(req)
	switch {
	case err != nil:
		return nil, err
	case configured.SecretKey == nil:
		return nil, credential.ErrNotFound
	case p.now == nil:
		return nil, errors.New("a token cannot be signed: this program gives no time")
	}
	key, err := parse(configured.SecretKey.Val)
	if err != nil {
		return nil, err
	}
	c := claims{IssuedAt: p.now().UTC().Format(time.RFC3339Nano), Subject: configured.SecretKeySubject}
	switch op.Kind {
	case "publish":
		c.Checksum = &op.Checksum
		fallthrough
	case "yank", "unyank":
		c.Version = &op.Version
		fallthrough
	case "owners":
		c.Mutation, c.Name = op.Kind, &op.Name
	}
	signed, err := sign(key, c, footer{req.IndexURL, identifier(key)})
	if err != nil {
		return nil, fmt.Errorf("failed to sign request: %w", err)
	}
	token := &credential.Token{Secret: signed, Cache: credential.CacheNever}
	if op.Kind == credential.Read.Kind {
		token.Cache = credential.CacheSession
	}
	return token, nil
}

// Login stores the key that the login brings, or a new one, and shows its
// public key.
func (p *Provider) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	// What is wrong with the arguments or the configuration comes first.
	if _, err := p.Configured(req); err != nil {
		return err
	}
	var secret config.Secret
	if login.Token != nil {
		secret = *login.Token
	} else {
		secret = generate()
	}
	key, err := parse(secret)
	if err != nil {
		return errors.New("not a validly formatted PASERK secret key")
	}
	// Cargo shows it even to a user who asked for quiet.
	p.Config.Notify(config.Message{Kind: config.Plain, Text: public(key)})
	return p.SetKey(ctx, req, secret)
}

// The PASERK types of version 3.
const (
	secretHeader = "k3.secret."
	publicHeader = "k3.public."
	idHeader     = "k3.pid."
)

// generate makes a secret key.
func generate() config.Secret {
	bytes := paseto.NewV3AsymmetricSecretKey().ExportBytes()
	defer clear(bytes)
	return config.NewSecret(encode(secretHeader, bytes))
}

// parse reads a secret key. The errors are Cargo's.
func parse(secret config.Secret) (paseto.V3AsymmetricSecretKey, error) {
	var none paseto.V3AsymmetricSecretKey
	encoded, ok := strings.CutPrefix(secret.Expose(), secretHeader)
	bytes, err := base64.RawURLEncoding.DecodeString(encoded)
	defer clear(bytes)
	if !ok || err != nil || len(bytes) != 48 || strings.ContainsAny(encoded, "\r\n") {
		return none, fmt.Errorf("failed to load private key: %w", errors.New("it has not the form `k3.secret.…`"))
	}
	// The library does not look whether a key is one of the curve's.
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes)
	if err != nil {
		return none, fmt.Errorf("failed to load public key from private key: %w", errors.New("its number is not in the range of the curve P-384"))
	}
	return paseto.NewV3AsymmetricSecretKeyFromEcdsa(*private)
}

func public(key paseto.V3AsymmetricSecretKey) string {
	return encode(publicHeader, key.Public().ExportBytes())
}

// identifier returns the PASERK "k3.pid.…" of a secret key's public key.
func identifier(key paseto.V3AsymmetricSecretKey) string {
	digest := sha512.Sum384([]byte(idHeader + public(key)))
	return encode(idHeader, digest[:33])
}

// sign returns a v3.public token.
func sign(key paseto.V3AsymmetricSecretKey, c claims, f footer) (config.Secret, error) {
	message, err := json.Marshal(c)
	if err != nil {
		return config.Secret{}, err
	}
	about, err := json.Marshal(f)
	if err != nil {
		return config.Secret{}, err
	}
	token, err := paseto.NewTokenFromClaimsJSON(message, about)
	if err != nil {
		return config.Secret{}, err
	}
	return config.NewSecret(token.V3Sign(key, nil)), nil
}

func encode(header string, bytes []byte) string {
	return header + base64.RawURLEncoding.EncodeToString(bytes)
}
