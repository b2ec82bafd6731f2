package credential

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
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

func TestGreetingsAreTakenAndRefusedInCargosWords(t *testing.T) {
	var cases []struct{ Text, Error string }
	recorded(t, "greetings.json", &cases)
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			g, err := decodeGreeting([]byte(c.Text + "\n"))
			got := ""
			switch {
			case err != nil:
				got = err.Error()
			case !slices.Contains(g.Versions, protocolVersion):
				got = "credential provider supports protocol versions " + listed(g.Versions) + ", while Cargo supports [1]"
			}
			if got != c.Error {
				t.Errorf("got  %q\nwant %q", got, c.Error)
			}
		})
	}
}

func TestResponsesAreTakenAndRefusedInCargosWords(t *testing.T) {
	var cases []struct {
		Text string
		// Error is what Cargo printed to this answer to a login: its layers
		// below the one that names the provider, or all if there was none.
		Error     []string
		Unwrapped bool
	}
	recorded(t, "responses.json", &cases)
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			r, err := decodeResponse([]byte(c.Text + "\n"))
			var got []string
			switch {
			case err != nil:
				got = []string{"failed to deserialize response", err.Error()}
			case r.Err == ErrURLNotSupported:
				got = []string{ErrNoProvider.Error()}
			case r.Err != nil:
				got = layers(r.Err)
			case r.Kind != kindLogin:
				got = []string{(&unexpectedResponse{kindLogin, r.describe()}).Error()}
			}
			want := slices.Clone(c.Error)
			if len(want) == 0 {
				want = nil
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if strings.Contains(strings.Join(got, ""), "sekret") {
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
