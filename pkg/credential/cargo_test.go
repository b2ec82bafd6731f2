package credential

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recorded reads what Cargo 1.95 was seen to say.
func recorded(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cargo", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// lenient are forms that Cargo's library takes for others: a list for an object,
// and a number for a name.
//
// differs: provider-json
var lenient = regexp.MustCompile(`^\s*(\{"(Ok|Err)":)?\[|"cache":[0-9]`)

// passedOver is what is wrong only in a field that is passed over.
//
// differs: provider-json
var passedOver = regexp.MustCompile(`"x":(1e999|\[\[|"\\ud800")`)

func TestGreetingsAreTakenAndRefusedAsByCargo(t *testing.T) {
	var cases []struct{ Text, Error string }
	recorded(t, "greetings.json", &cases)
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			versions, err := decodeGreeting([]byte(c.Text))
			taken := err == nil && slices.Contains(versions, protocolVersion)
			if want := c.Error == "" && !lenient.MatchString(c.Text); taken != want {
				t.Errorf("read %v, %v; Cargo says %q", versions, err, c.Error)
			}
		})
	}
}

func TestResponsesAreTakenAndRefusedAsByCargo(t *testing.T) {
	var cases []struct {
		Text string
		// Error is what Cargo printed to this answer to a login: its layers
		// below the one that names the provider, or all if there was none.
		Error []string
	}
	recorded(t, "responses.json", &cases)
	const malformed, unexpected = "failed to deserialize response", "credential provider produced unexpected response for `login` request: "
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			r, err := decodeResponse([]byte(c.Text))
			got, want := []string{}, c.Error
			switch {
			case err != nil:
				got = []string{malformed}
			case r.Err == ErrURLNotSupported:
				got = []string{ErrNoProvider.Error()}
			case r.Err != nil:
				got = Layers(r.Err)
			case r.Kind != kindLogin:
				got = []string{unexpected}
			}
			switch {
			case lenient.MatchString(c.Text):
				want = []string{malformed}
			case passedOver.MatchString(c.Text):
				want = []string{}
			case len(want) > 0 && strings.HasPrefix(want[0], unexpected):
				want = []string{unexpected}
			case len(want) > 0 && want[0] == malformed:
				want = want[:1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q, %v\nwant %q", got, err, c.Error)
			}
			if strings.Contains(errorText(err), "sekret") {
				t.Error("the token is in the error")
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
