package paseto_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	gopaseto "aidanwoods.dev/go-paseto"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential/paseto"
)

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
		got, err := paseto.Keys{}.Public(config.NewSecret(pair.secret))
		if err != nil || got != pair.public {
			t.Errorf("the public key of %s is %s (%v), want %s", pair.secret, got, err, pair.public)
		}
	}
}

func TestIdentifierOfAKey(t *testing.T) {
	// Cargo sends it in a token's footer.
	want := "k3.pid.PxgWOvlp7nrlGmCZID5SvI6qON4tryxERukDQ1HtL8Ru"
	got, err := paseto.Keys{}.Identifier(config.NewSecret(pairs[1].secret))
	if err != nil || got != want {
		t.Errorf("the identifier is %s (%v), want %s", got, err, want)
	}
}

func TestGeneratedKeysAreUsable(t *testing.T) {
	var keys paseto.Keys
	first, second := keys.Generate(), keys.Generate()
	if first.Expose() == second.Expose() {
		t.Error("the same key was generated twice")
	}
	public, err := keys.Public(first)
	if err != nil || !strings.HasPrefix(public, "k3.public.") {
		t.Errorf("the public key of a generated key is %q (%v)", public, err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	pair := pairs[0]
	body := strings.TrimPrefix(pair.secret, "k3.secret.")
	for secret, want := range map[string]string{
		"":                               "failed to load private key: PaserkParsing",
		"hello":                          "failed to load private key: PaserkParsing",
		pair.public:                      "failed to load private key: PaserkParsing",
		"k2.secret." + body:              "failed to load private key: PaserkParsing",
		pair.secret + "=":                "failed to load private key: PaserkParsing",
		pair.secret + "AAAA":             "failed to load private key: PaserkParsing",
		pair.secret[:len(pair.secret)-4]: "failed to load private key: PaserkParsing",
		pair.secret[:len(pair.secret)-2] + "\n\n":     "failed to load private key: PaserkParsing",
		pair.secret[:len(pair.secret)-1] + "+":        "failed to load private key: PaserkParsing",
		"k3.secret." + strings.Repeat("A", len(body)): "failed to load public key from private key: Key",
		"k3.secret." + strings.Repeat("_", len(body)): "failed to load public key from private key: Key",
	} {
		if _, err := (paseto.Keys{}).Public(config.NewSecret(secret)); err == nil || err.Error() != want {
			t.Errorf("the error of %q is %v, want %s", secret, err, want)
		}
	}
}

func TestSignedTokensVerify(t *testing.T) {
	secret := config.NewSecret(pairs[0].secret)
	claims, footer := `{"iat":"2022-03-01T00:00:00Z","mutation":"yank"}`, `{"url":"https://a/","kip":"k3.pid.x"}`
	token, err := paseto.Keys{}.Sign(secret, []byte(claims), []byte(footer))
	if err != nil {
		t.Fatal(err)
	}
	public, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(pairs[0].public, "k3.public."))
	if err != nil {
		t.Fatal(err)
	}
	key, err := gopaseto.NewV3AsymmetricPublicKeyFromBytes(public)
	if err != nil {
		t.Fatal(err)
	}
	parser := gopaseto.NewParserWithoutExpiryCheck()
	verified, err := parser.ParseV3Public(key, token.Expose(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]string
	if json.Unmarshal(verified.ClaimsJSON(), &got) != nil || json.Unmarshal([]byte(claims), &want) != nil {
		t.Fatal("the claims are no strings")
	}
	if len(got) != 2 || got["iat"] != want["iat"] || got["mutation"] != want["mutation"] {
		t.Errorf("the claims are %v, want %v", got, want)
	}
	if string(verified.Footer()) != footer {
		t.Errorf("the footer is %s, want %s", verified.Footer(), footer)
	}
}

func FuzzKeys(f *testing.F) {
	for _, pair := range pairs {
		f.Add(pair.secret)
		f.Add(pair.public)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var keys paseto.Keys
		secret := config.NewSecret(text)
		_, err := keys.Public(secret)
		if _, other := keys.Identifier(secret); (other == nil) != (err == nil) {
			t.Errorf("a public key fails with %v, its identifier with %v", err, other)
		}
		if _, signing := keys.Sign(secret, []byte("{}"), nil); (signing == nil) != (err == nil) {
			t.Errorf("a public key fails with %v, signing with %v", err, signing)
		}
	})
}
