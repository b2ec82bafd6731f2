package paseto

import (
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
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

const index = "sparse+http://127.0.0.1:1/"

// The pair of RFC 3231's tests in Cargo, one of the PASERK test vectors, and
// the keys of the smallest and the largest number, with what Cargo shows of
// them.
var pairs = []struct{ secret, public string }{
	{
		"k3.secret.fNYVuMvBgOlljt9TDohnaYLblghqaHoQquVZwgR6X12cBFHZLFsaU3q7X3k1Zn36",
		"k3.public.AmDwjlyf8jAV3gm5Z7Kz9xAOcsKslt_Vwp5v-emjFzBHLCtcANzTaVEghTNEMj9PkQ",
	},
	{
		"k3.secret.IDR2CWB0d6yo-_vF5iGEVfMZlml5Lvi0Zvqoe9xneYFEyEjdA2Ye7VrGJGE0DOqW",
		"k3.public.AvvLfGnuHGBXm-ejNBNIeNnFxb811VLatjwBQDl-0UzvY313IJJcRGmeow5yh0xy-w",
	},
	{
		"k3.secret.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"k3.public.A6qHyiK-iwU3jrHHHvMgrXRuHTtii6ebmFn3QeCCVCo4VQLyXb9VKWw6VF44cnYKtw",
	},
}

func TestPublicKeyOfASecretKey(t *testing.T) {
	for _, pair := range pairs {
		key, err := parse(config.NewSecret(pair.secret))
		if err != nil || public(key) != pair.public {
			t.Errorf("the public key of %s is %s (%v), want %s", pair.secret, public(key), err, pair.public)
		}
	}
}

func TestIdentifierOfAKey(t *testing.T) {
	// Cargo sends it in a token's footer.
	want := "k3.pid.PxgWOvlp7nrlGmCZID5SvI6qON4tryxERukDQ1HtL8Ru"
	key, err := parse(config.NewSecret(pairs[1].secret))
	if err != nil || identifier(key) != want {
		t.Errorf("the identifier is %s (%v), want %s", identifier(key), err, want)
	}
}

func TestGeneratedKeysAreUsable(t *testing.T) {
	first, second := signer{}.Generate(), signer{}.Generate()
	if first.Expose() == second.Expose() {
		t.Error("the same key was generated twice")
	}
	key, err := parse(first)
	if err != nil || !strings.HasPrefix(public(key), "k3.public.") {
		t.Errorf("the public key of a generated key is %q (%v)", public(key), err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	pair := pairs[0]
	body := strings.TrimPrefix(pair.secret, "k3.secret.")
	for secret, want := range map[string]string{
		"":                               "failed to load private key: it does not have the form `k3.secret.…`",
		"hello":                          "failed to load private key: it does not have the form `k3.secret.…`",
		pair.public:                      "failed to load private key: it does not have the form `k3.secret.…`",
		"k2.secret." + body:              "failed to load private key: it does not have the form `k3.secret.…`",
		pair.secret + "=":                "failed to load private key: it does not have the form `k3.secret.…`",
		pair.secret + "AAAA":             "failed to load private key: it does not have the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-4]: "failed to load private key: it does not have the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-2] + "\n\n":     "failed to load private key: it does not have the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-1] + "+":        "failed to load private key: it does not have the form `k3.secret.…`",
		"k3.secret." + strings.Repeat("A", len(body)): "failed to load public key from private key: its number is outside the range of the curve P-384",
		"k3.secret." + strings.Repeat("_", len(body)): "failed to load public key from private key: its number is outside the range of the curve P-384",
	} {
		if _, err := parse(config.NewSecret(secret)); err == nil || err.Error() != want {
			t.Errorf("the error of %q is %v, want %s", secret, err, want)
		}
	}
}

func TestSignedTokensVerify(t *testing.T) {
	secret, err := parse(config.NewSecret(pairs[0].secret))
	if err != nil {
		t.Fatal(err)
	}
	want := footer{URL: "https://a/?x&y", KeyIdentifier: "k3.pid.x"}
	token, err := sign(secret, claims{IssuedAt: "2022-03-01T00:00:00Z", Mutation: "yank"}, want)
	if err != nil {
		t.Fatal(err)
	}
	verified := parsedWithFirst(t, token)
	if got := string(verified.ClaimsJSON()); got != `{"iat":"2022-03-01T00:00:00Z","mutation":"yank"}` {
		t.Errorf("the claims are %s", got)
	}
	var got footer
	if err := json.Unmarshal(verified.Footer(), &got); err != nil || got != want {
		t.Errorf("the footer is %s (%v), want %+v", verified.Footer(), err, want)
	}
}

// world is a registry that is configured to use cargo:paseto.
type world struct {
	chain    *credential.Chain
	registry registry.Registry
	file     string
	said     []string
}

func newWorld(t *testing.T, credentials string) *world {
	t.Helper()
	home := t.TempDir()
	w := &world{file: filepath.Join(home, "credentials.toml")}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(home, "config.toml"), "[registries.pub]\nindex = '"+index+"'\ncredential-provider = 'cargo:paseto'\n")
	if credentials != "" {
		write(w.file, credentials)
	}
	c := config.New(config.Options{Dir: home, Home: home, Notify: func(m config.Message) { w.said = append(w.said, m.Text) }})
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600)) }
	w.chain = &credential.Chain{Config: c, AsymmetricTokens: true, BuiltIn: map[string]credential.Provider{Name: New(c, now)}}
	r, err := registry.New("pub", index)
	if err != nil {
		t.Fatal(err)
	}
	w.registry = r
	return w
}

// read returns the token for reading the index.
func (w *world) read(t *testing.T) (config.Secret, error) {
	t.Helper()
	return w.chain.ForIndex(w.registry)(t.Context(), nil)
}

// verified returns the claims and the footer of a token that the key has
// signed.
func verified(t *testing.T, token config.Secret) (says, about map[string]string) {
	t.Helper()
	parsed := parsedWithFirst(t, token)
	if err := errors.Join(json.Unmarshal(parsed.ClaimsJSON(), &says), json.Unmarshal(parsed.Footer(), &about)); err != nil {
		t.Fatal(err)
	}
	return says, about
}

// parsedWithFirst verifies a token with the first pair's public key.
func parsedWithFirst(t *testing.T, token config.Secret) *gopaseto.Token {
	t.Helper()
	encoded, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(pairs[0].public, publicHeader))
	if err != nil {
		t.Fatal(err)
	}
	key, err := gopaseto.NewV3AsymmetricPublicKeyFromBytes(encoded)
	if err != nil {
		t.Fatal(err)
	}
	parser := gopaseto.NewParserWithoutExpiryCheck()
	parsed, err := parser.ParseV3Public(key, token.Expose(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
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
		w := newWorld(t, "[registries.pub]\nsecret-key = '"+pairs[0].secret+"'\nsecret-key-subject = 'me'\n")
		op.Kind = kind
		token, err := w.chain.BuiltIn[Name].Get(t.Context(), &credential.Request{IndexURL: index, Name: "pub"}, op)
		if err != nil {
			t.Fatal(err)
		}
		claims, footer := verified(t, token.Secret)
		if !maps.Equal(claims, want) {
			t.Errorf("the claims for %s are %v, want %v", kind, claims, want)
		}
		wantFooter := map[string]string{"url": index, "kip": "k3.pid.QB3WNBP-5j-0XQV2MOuvuOcLlJ8uz-pmqtIZus1x3YTu"}
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
	w := newWorld(t, "[registries.pub]\nsecret-key = '"+pairs[0].secret+"'\n")
	get := func(token config.Secret, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return token.Expose()
	}
	read := get(w.read(t))
	yank := func() string { return get(w.chain.Token(t.Context(), "pub", credential.Yank("a", "1.0.0"))) }
	yanked := yank()
	claims, _ := verified(t, config.NewSecret(yanked))
	if claims["mutation"] != "yank" {
		t.Errorf("a yank got a token that claims %v", claims)
	}
	if yank() == yanked {
		t.Error("a second yank got the first one's token")
	}
	if get(w.read(t)) != read {
		t.Error("a second read did not get the first one's token")
	}
	if token, err := w.chain.Token(t.Context(), "pub", credential.Any()); err == nil {
		t.Errorf("any operation is served by a token for reading, %v", token)
	}
}

func TestPasetoWithoutWhatItNeeds(t *testing.T) {
	stored := "[registries.pub]\nsecret-key = '" + pairs[0].secret + "'\n"
	for name, c := range map[string]struct {
		credentials string
		change      func(*credential.Chain)
		want        string
	}{
		"no key":      {"", func(*credential.Chain) {}, "no token found for `pub`"},
		"broken key":  {"[registries.pub]\nsecret-key = 'x'\n", func(*credential.Chain) {}, "failed to load private key: it does not have the form `k3.secret.…`"},
		"no signer":   {stored, func(c *credential.Chain) { c.BuiltIn = nil }, "cannot use the keys"},
		"not allowed": {stored, func(c *credential.Chain) { c.AsymmetricTokens = false }, "cargo:paseto requires -Zasymmetric-token"},
	} {
		w := newWorld(t, c.credentials)
		c.change(w.chain)
		_, err := w.read(t)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", name, err, c.want)
		}
	}
}

func TestPasetoLoginAndLogout(t *testing.T) {
	w := newWorld(t, "[registries.other]\ntoken = \"kept\"\n")
	ctx := t.Context()
	key := config.NewSecret(pairs[0].secret)
	if err := w.chain.Login(ctx, w.registry, credential.LoginOptions{Token: &key}, []string{"--key-subject", "me"}); err != nil {
		t.Fatal(err)
	}
	if len(w.said) == 0 || w.said[len(w.said)-1] != pairs[0].public {
		t.Errorf("the user was told %q, want the public key", w.said)
	}
	want := "[registries.other]\ntoken = \"kept\"\n\n[registries.pub]\nsecret-key = \"" + pairs[0].secret + "\"\nsecret-key-subject = \"me\"\n"
	if got, _ := os.ReadFile(w.file); string(got) != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	// The new key is used at once, and its subject outlives it.
	if _, err := w.read(t); err != nil {
		t.Error(err)
	}
	if err := w.chain.Login(ctx, w.registry, credential.LoginOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(w.file)
	if strings.Contains(string(got), pairs[0].secret) || !strings.Contains(string(got), "k3.secret.") || !strings.Contains(string(got), `secret-key-subject = "me"`) {
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

func FuzzKeys(f *testing.F) {
	for _, pair := range pairs {
		f.Add(pair.secret)
		f.Add(pair.public)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parse(config.NewSecret(text))
		if err != nil {
			return
		}
		if _, err := sign(key, claims{}, footer{}); err != nil {
			t.Errorf("a key that is accepted does not sign: %v", err)
		}
	})
}
