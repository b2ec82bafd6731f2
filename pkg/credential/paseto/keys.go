// Package paseto is the cryptography of Cargo's unstable provider cargo:paseto:
// PASETO v3.public tokens, and keys in the PASERK form that Cargo stores. What
// a token says is package credential's part. A program whose
// [credential.Chain] may use cargo:paseto hands it in:
//
//	chain := &credential.Chain{Config: cfg, AsymmetricTokens: true, Keys: paseto.Keys{}, Now: time.Now}
//
// It is a package of its own because a program that signs nothing is a
// megabyte smaller without it.
package paseto

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"aidanwoods.dev/go-paseto"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// The PASERK types of version 3.
const (
	secretHeader = "k3.secret."
	publicHeader = "k3.public."
	idHeader     = "k3.pid."
)

// secretSize is the number of bytes of a secret key, and idSize that of a
// key's identifier.
const (
	secretSize = 48
	idSize     = 33
)

// The words are Cargo's, and below them its library's.
func formatError() error {
	return fmt.Errorf("failed to load private key: %w", errors.New("PaserkParsing"))
}

func rangeError() error {
	return fmt.Errorf("failed to load public key from private key: %w", errors.New("Key"))
}

// Keys makes keys and signs with them. A key is a PASERK "k3.secret.…".
type Keys struct{}

var _ credential.AsymmetricKeys = Keys{}

// Generate makes a secret key.
func (Keys) Generate() config.Secret {
	bytes := paseto.NewV3AsymmetricSecretKey().ExportBytes()
	defer clear(bytes)
	return config.NewSecret(encode(secretHeader, bytes))
}

// Public returns the public key of a secret key, as a PASERK "k3.public.…".
func (Keys) Public(secret config.Secret) (string, error) {
	key, err := parse(secret)
	if err != nil {
		return "", err
	}
	return public(key), nil
}

// Identifier returns the PASERK "k3.pid.…" of a secret key's public key.
func (Keys) Identifier(secret config.Secret) (string, error) {
	key, err := parse(secret)
	if err != nil {
		return "", err
	}
	digest := sha512.Sum384([]byte(idHeader + public(key)))
	return encode(idHeader, digest[:idSize]), nil
}

// Sign returns a v3.public token of claims, which are a JSON object, and a
// footer.
func (Keys) Sign(secret config.Secret, claims, footer []byte) (config.Secret, error) {
	key, err := parse(secret)
	if err != nil {
		return config.Secret{}, err
	}
	token, err := paseto.NewTokenFromClaimsJSON(claims, footer)
	if err != nil {
		return config.Secret{}, err
	}
	return config.NewSecret(token.V3Sign(key, nil)), nil
}

func parse(secret config.Secret) (paseto.V3AsymmetricSecretKey, error) {
	var none paseto.V3AsymmetricSecretKey
	encoded, ok := strings.CutPrefix(secret.Expose(), secretHeader)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(secretSize) {
		return none, formatError()
	}
	bytes, err := base64.RawURLEncoding.DecodeString(encoded)
	defer clear(bytes)
	if err != nil || len(bytes) != secretSize {
		return none, formatError()
	}
	// The library does not look whether a key is one of the curve's.
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes)
	if err != nil {
		return none, rangeError()
	}
	return paseto.NewV3AsymmetricSecretKeyFromEcdsa(*private)
}

func public(key paseto.V3AsymmetricSecretKey) string {
	return encode(publicHeader, key.Public().ExportBytes())
}

func encode(header string, bytes []byte) string {
	return header + base64.RawURLEncoding.EncodeToString(bytes)
}
