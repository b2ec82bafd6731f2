//go:build unix

package credential

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

func TestProcessFailsAsWithCargo(t *testing.T) {
	var cases []struct {
		Name, Script  string
		Error, Stderr []string
	}
	recorded(t, "processes.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			// Not in parallel: a program that another test is starting holds
			// on to this one's pipes for a moment.
			w := newWorld(t, "", "")
			w.provide(t, "provider", c.Script)
			path := filepath.Join(w.bin, "provider")
			var stderr strings.Builder
			chain := &Chain{Config: w.config(t), Stderr: &stderr}
			r := pub(t)
			chain.configured = map[string]*config.RegistryConfig{
				r.Canonical(): {CredentialProvider: &config.Program{Path: path}},
			}
			token := config.NewSecret("tok")
			err := chain.Login(t.Context(), r, LoginOptions{Token: &token}, nil)
			got := Layers(err)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], path, "PROVIDER")
			}
			// What is wrong with a message is said in our own words.
			for i, text := range c.Error {
				if strings.HasPrefix(text, "failed to deserialize") && len(got) == i+2 {
					got, c.Error = got[:i+1], c.Error[:i+1]
					break
				}
			}
			if !slices.Equal(got, c.Error) {
				t.Errorf("got  %q\nwant %q", got, c.Error)
			}
			if got := strings.Fields(stderr.String()); strings.Join(got, " ") != strings.Join(c.Stderr, " ") {
				t.Errorf("the user saw %q, want %q", got, c.Stderr)
			}
		})
	}
}
