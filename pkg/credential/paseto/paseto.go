// Package paseto is Cargo's unstable provider cargo:paseto. It keeps a secret key,
// and signs a token with it for each operation, as RFC 3231 describes. A program
// that allows asymmetric tokens hands the provider to its [credential.Chain]:
//
//	chain := &credential.Chain{Config: cfg, AsymmetricTokens: true, BuiltIn: map[string]credential.Provider{
//		paseto.Name: paseto.New(cfg, nil),
//	}}
//
// It is a package of its own because a program that signs nothing is a megabyte
// smaller without it.
package paseto

import (
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

// New returns the provider. Its keys have the PASERK form that Cargo stores, its
// tokens are PASETO v3.public. now says when a token is signed; nil is [time.Now].
func New(c *config.Config, now func() time.Time) credential.Provider {
	if now == nil {
		now = time.Now
	}
	return credential.Paseto(c, signer{now})
}

type signer struct{ now func() time.Time }

// claims is what a token says about its operation. For reading, and for operations
// that RFC 3231 does not know, only the first two fields are set.
type claims struct {
	IssuedAt string  `json:"iat"`
	Subject  *string `json:"sub,omitempty"`
	Mutation string  `json:"mutation,omitempty"`
	Name     *string `json:"name,omitempty"`
	Version  *string `json:"vers,omitempty"`
	Checksum *string `json:"cksum,omitempty"`
}

type footer struct {
	URL           string `json:"url"`
	KeyIdentifier string `json:"kip"`
}

func (s signer) Sign(secret config.Secret, subject *string, req *credential.Request, op credential.Operation) (*credential.Token, error) {
	key, err := parse(secret)
	if err != nil {
		return nil, err
	}
	c := claims{IssuedAt: s.now().UTC().Format(time.RFC3339Nano), Subject: subject}
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
	if op.Kind == credential.Read().Kind {
		token.Cache = credential.CacheSession
	}
	return token, nil
}

func (signer) Public(secret config.Secret) (string, error) {
	key, err := parse(secret)
	if err != nil {
		return "", err
	}
	return public(key), nil
}

func (signer) Generate() config.Secret {
	bytes := paseto.NewV3AsymmetricSecretKey().ExportBytes()
	defer clear(bytes)
	return config.NewSecret(encode(secretHeader, bytes))
}

// The PASERK types of version 3.
const (
	secretHeader = "k3.secret."
	publicHeader = "k3.public."
	idHeader     = "k3.pid."
)

// parse reads a secret key. The errors are Cargo's.
func parse(secret config.Secret) (paseto.V3AsymmetricSecretKey, error) {
	var none paseto.V3AsymmetricSecretKey
	encoded, ok := strings.CutPrefix(secret.Expose(), secretHeader)
	bytes, err := base64.RawURLEncoding.DecodeString(encoded)
	defer clear(bytes)
	if !ok || err != nil || len(bytes) != 48 || strings.ContainsAny(encoded, "\r\n") {
		return none, fmt.Errorf("failed to load private key: %w", errors.New("it does not have the form `k3.secret.…`"))
	}
	// The library does not check that the key is valid for the curve.
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes)
	if err != nil {
		return none, fmt.Errorf("failed to load public key from private key: %w", errors.New("its number is outside the range of the curve P-384"))
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
