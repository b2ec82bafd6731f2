package paseto

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	gopaseto "aidanwoods.dev/go-paseto"

	"github.com/cargo-auth/cargo-auth/pkg/config"
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
	first, second := generate(), generate()
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
		"":                               "failed to load private key: it has not the form `k3.secret.…`",
		"hello":                          "failed to load private key: it has not the form `k3.secret.…`",
		pair.public:                      "failed to load private key: it has not the form `k3.secret.…`",
		"k2.secret." + body:              "failed to load private key: it has not the form `k3.secret.…`",
		pair.secret + "=":                "failed to load private key: it has not the form `k3.secret.…`",
		pair.secret + "AAAA":             "failed to load private key: it has not the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-4]: "failed to load private key: it has not the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-2] + "\n\n":     "failed to load private key: it has not the form `k3.secret.…`",
		pair.secret[:len(pair.secret)-1] + "+":        "failed to load private key: it has not the form `k3.secret.…`",
		"k3.secret." + strings.Repeat("A", len(body)): "failed to load public key from private key: its number is not in the range of the curve P-384",
		"k3.secret." + strings.Repeat("_", len(body)): "failed to load public key from private key: its number is not in the range of the curve P-384",
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
	encoded, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(pairs[0].public, "k3.public."))
	if err != nil {
		t.Fatal(err)
	}
	key, err := gopaseto.NewV3AsymmetricPublicKeyFromBytes(encoded)
	if err != nil {
		t.Fatal(err)
	}
	parser := gopaseto.NewParserWithoutExpiryCheck()
	verified, err := parser.ParseV3Public(key, token.Expose(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(verified.ClaimsJSON()); got != `{"iat":"2022-03-01T00:00:00Z","mutation":"yank"}` {
		t.Errorf("the claims are %s", got)
	}
	var got footer
	if err := json.Unmarshal(verified.Footer(), &got); err != nil || got != want {
		t.Errorf("the footer is %s (%v), want %+v", verified.Footer(), err, want)
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
