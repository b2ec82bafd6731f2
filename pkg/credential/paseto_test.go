package credential_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gopaseto "aidanwoods.dev/go-paseto"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/credential/paseto"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

const (
	pasetoSecret = "k3.secret.fNYVuMvBgOlljt9TDohnaYLblghqaHoQquVZwgR6X12cBFHZLFsaU3q7X3k1Zn36"
	pasetoPublic = "k3.public.AmDwjlyf8jAV3gm5Z7Kz9xAOcsKslt_Vwp5v-emjFzBHLCtcANzTaVEghTNEMj9PkQ"
	// The identifier of the key, which is in a token's footer.
	pasetoIdentifier = "k3.pid.QB3WNBP-5j-0XQV2MOuvuOcLlJ8uz-pmqtIZus1x3YTu"

	pasetoIndex = "sparse+http://127.0.0.1:1/"
)

// pasetoWorld is a registry that is configured to use cargo:paseto.
type pasetoWorld struct {
	chain    *credential.Chain
	registry registry.Registry
	file     string
	said     []string
}

func newPasetoWorld(t *testing.T, credentials string) *pasetoWorld {
	t.Helper()
	home := t.TempDir()
	w := &pasetoWorld{file: filepath.Join(home, "credentials.toml")}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(home, "config.toml"), "[registries.pub]\nindex = '"+pasetoIndex+"'\ncredential-provider = 'cargo:paseto'\n")
	if credentials != "" {
		write(w.file, credentials)
	}
	c := config.New(config.Options{Dir: home, Home: home, Notify: func(n config.Message) { w.said = append(w.said, n.Text) }})
	w.chain = &credential.Chain{
		Config: c, AsymmetricTokens: true,
		BuiltIn: map[string]credential.Provider{paseto.Name: paseto.New(c, func() time.Time {
			return time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
		})},
	}
	r, err := registry.New("pub", pasetoIndex)
	if err != nil {
		t.Fatal(err)
	}
	w.registry = r
	return w
}

// verified returns the claims and the footer of a token that the key has
// signed.
func verified(t *testing.T, token config.Secret) (claims, footer map[string]string) {
	t.Helper()
	public, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(pasetoPublic, "k3.public."))
	if err != nil {
		t.Fatal(err)
	}
	key, err := gopaseto.NewV3AsymmetricPublicKeyFromBytes(public)
	if err != nil {
		t.Fatal(err)
	}
	parser := gopaseto.NewParserWithoutExpiryCheck()
	parsed, err := parser.ParseV3Public(key, token.Expose(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(parsed.ClaimsJSON(), &claims), json.Unmarshal(parsed.Footer(), &footer)); err != nil {
		t.Fatal(err)
	}
	return claims, footer
}

// The fields are those that Cargo sends.
func TestPasetoSignsWhatTheOperationIs(t *testing.T) {
	op := credential.Operation{Name: `a"b`, Version: "1.0.0", Checksum: "beef"}
	const iat = "2026-01-02T02:04:05.000000678Z"
	for kind, want := range map[string]map[string]string{
		"read":    {"iat": iat, "sub": "me"},
		"publish": {"iat": iat, "sub": "me", "mutation": "publish", "name": `a"b`, "vers": "1.0.0", "cksum": "beef"},
		"yank":    {"iat": iat, "sub": "me", "mutation": "yank", "name": `a"b`, "vers": "1.0.0"},
		"unyank":  {"iat": iat, "sub": "me", "mutation": "unyank", "name": `a"b`, "vers": "1.0.0"},
		"owners":  {"iat": iat, "sub": "me", "mutation": "owners", "name": `a"b`},
		"later":   {"iat": iat, "sub": "me"},
	} {
		w := newPasetoWorld(t, "[registries.pub]\nsecret-key = '"+pasetoSecret+"'\nsecret-key-subject = 'me'\n")
		op.Kind = kind
		token, err := w.chain.Get(context.Background(), w.registry, op, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		claims, footer := verified(t, token.Secret)
		if !maps.Equal(claims, want) {
			t.Errorf("the claims for %s are %v, want %v", kind, claims, want)
		}
		wantFooter := map[string]string{"url": pasetoIndex, "kip": pasetoIdentifier}
		if !maps.Equal(footer, wantFooter) {
			t.Errorf("the footer for %s is %v, want %v", kind, footer, wantFooter)
		}
		cache := credential.CacheNever
		if kind == "read" {
			cache = credential.CacheSession
		}
		if token.Cache != cache || token.OperationIndependent {
			t.Errorf("the token for %s is cached as %v (operation-independent: %v), want %v and not", kind, token.Cache, token.OperationIndependent, cache)
		}
	}
}

func TestPasetoReadTokenIsKeptForReadingOnly(t *testing.T) {
	w := newPasetoWorld(t, "[registries.pub]\nsecret-key = '"+pasetoSecret+"'\n")
	get := func(op credential.Operation) string {
		token, err := w.chain.Get(context.Background(), w.registry, op, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		return token.Secret.Expose()
	}
	read := get(credential.Read)
	yank := credential.Operation{Kind: "yank", Name: "a", Version: "1.0.0"}
	yanked := get(yank)
	claims, _ := verified(t, config.NewSecret(yanked))
	if claims["mutation"] != "yank" {
		t.Errorf("a yank got a token that claims %v", claims)
	}
	if get(yank) == yanked {
		t.Error("a second yank got the first one's token")
	}
	if get(credential.Read) != read {
		t.Error("a second read did not get the first one's token")
	}
}

func TestPasetoWithoutWhatItNeeds(t *testing.T) {
	stored := "[registries.pub]\nsecret-key = '" + pasetoSecret + "'\n"
	for name, c := range map[string]struct {
		credentials string
		change      func(*credential.Chain)
		want        string
	}{
		"no key":      {"", func(*credential.Chain) {}, "credential not found"},
		"broken key":  {"[registries.pub]\nsecret-key = 'x'\n", func(*credential.Chain) {}, "failed to load private key: it has not the form `k3.secret.…`"},
		"no keys":     {stored, func(c *credential.Chain) { c.BuiltIn = nil }, "cannot use the keys"},
		"no time":     {stored, func(c *credential.Chain) { c.BuiltIn[paseto.Name] = paseto.New(c.Config, nil) }, "gives no time"},
		"not allowed": {stored, func(c *credential.Chain) { c.AsymmetricTokens = false }, "cargo:paseto requires -Zasymmetric-token"},
	} {
		w := newPasetoWorld(t, c.credentials)
		c.change(w.chain)
		_, err := w.chain.Get(context.Background(), w.registry, credential.Read, nil, false)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", name, err, c.want)
		}
	}
}

func TestPasetoLoginAndLogout(t *testing.T) {
	w := newPasetoWorld(t, "[registries.other]\ntoken = \"kept\"\n")
	ctx := context.Background()
	key := config.NewSecret(pasetoSecret)
	if err := w.chain.Login(ctx, w.registry, credential.LoginOptions{Token: &key}, []string{"--key-subject", "me"}); err != nil {
		t.Fatal(err)
	}
	if len(w.said) == 0 || w.said[len(w.said)-1] != pasetoPublic {
		t.Errorf("the user was told %q, want the public key", w.said)
	}
	want := "[registries.other]\ntoken = \"kept\"\n\n[registries.pub]\nsecret-key = \"" + pasetoSecret + "\"\nsecret-key-subject = \"me\"\n"
	if got, _ := os.ReadFile(w.file); string(got) != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	// The new key is used at once, and its subject outlives it.
	if _, err := w.chain.Get(ctx, w.registry, credential.Read, nil, false); err != nil {
		t.Error(err)
	}
	if err := w.chain.Login(ctx, w.registry, credential.LoginOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(w.file)
	if strings.Contains(string(got), pasetoSecret) || !strings.Contains(string(got), "k3.secret.") || !strings.Contains(string(got), `secret-key-subject = "me"`) {
		t.Errorf("after a login that generates a key the file is %q", got)
	}
	if err := w.chain.Logout(ctx, w.registry); err != nil {
		t.Fatal(err)
	}
	want = "[registries.other]\ntoken = \"kept\"\n\n[registries.pub]\n"
	if got, _ := os.ReadFile(w.file); string(got) != want {
		t.Errorf("after the logout the file is %q, want %q", got, want)
	}
}
