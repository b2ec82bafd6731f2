package credential

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

const (
	pubConfig  = "[registries.pub]\nindex = \"sparse+http://127.0.0.1/pub/\"\n"
	removed    = "Logout token for `pub` has been removed from local storage"
	revokeNote = "note: This does not revoke the token on the registry server.\n" +
		"    If you need to revoke the token, visit the `pub` website and follow the instructions there."
)

// A login warns of a token that the new one shadows, or that shadows the new one.
func TestLoginWarnsOfAnotherToken(t *testing.T) {
	const stored = "[registries.pub]\ntoken = \"old\"\n"
	const elsewhere = "token = \"c\"\n"
	const still = "registry `pub` still has a token configured in "
	for _, c := range []struct {
		name                string
		configuration, file string
		environ             []string
		told                []string
	}{
		{"none", "", "", nil, nil},
		{"the old one", "", stored, nil, nil},
		{"config.toml", elsewhere, "", nil, []string{still + "HOME/config.toml, which the new one shadows; delete it there"}},
		{"the old one and config.toml", elsewhere, stored, nil, []string{still + "HOME/config.toml, which the new one shadows; delete it there"}},
		{"an empty one", "token = \"\"\n", stored, nil, nil},
		{"an empty variable", "", "", []string{"CARGO_REGISTRIES_PUB_TOKEN="}, []string{
			still + "environment variable `CARGO_REGISTRIES_PUB_TOKEN`, which shadows the new one; `unset CARGO_REGISTRIES_PUB_TOKEN` removes it",
		}},
		{"under another name", "", "[registries.other]\ntoken = \"o\"\n", []string{"CARGO_REGISTRIES_OTHER_INDEX=sparse+http://127.0.0.1/pub/"}, []string{
			still + "HOME/credentials.toml, which shadows the new one; delete it there",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, told := heldBy(t, map[string]string{"config.toml": pubConfig + c.configuration, "credentials.toml": c.file}, c.environ...)
			token := config.NewSecret("new")
			if err := chain.Login(t.Context(), registryNamed(t, chain, "pub"), LoginOptions{Token: &token}, nil); err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(*told, func(s string) bool { return !strings.HasPrefix(s, "registry") })
			if !slices.Equal(got, c.told) {
				t.Errorf("told\n%q\nwant\n%q", got, c.told)
			}
		})
	}
}

func TestLogoutClaimsOnlyWhatIsTrue(t *testing.T) {
	const stored = "[registries.pub]\ntoken = \"t\"\n"
	const still = "registry `pub` still has a token configured in "
	const because = ", which stays in force: a logout removes the one in the credentials file only"
	const variable = "CARGO_REGISTRIES_PUB_TOKEN"
	for _, c := range []struct {
		name                string
		configuration, file string
		environ             []string
		told                []string
		left                string
	}{
		{"stored", "", stored, nil, []string{removed, revokeNote}, "[registries.pub]\n"},
		{"nowhere", "", "", nil, []string{"Logout not currently logged in to `pub`"}, ""},
		{"only a key", "", "[registries.pub]\nsecret-key = \"k\"\n", nil, []string{"Logout not currently logged in to `pub`"}, "[registries.pub]\nsecret-key = \"k\"\n"},
		{"another's", "", "[registry]\ntoken = \"t\"\n", nil, []string{"Logout not currently logged in to `pub`"}, "[registry]\ntoken = \"t\"\n"},
		{"variable", "", "", []string{variable + "=e"}, []string{still + "environment variable `" + variable + "`" + because}, ""},
		{"an empty variable", "", "", []string{variable + "="}, []string{"Logout not currently logged in to `pub`"}, ""},
		{"stored and an empty variable", "", stored, []string{variable + "="}, []string{removed, revokeNote}, "[registries.pub]\n"},
		{"stored and variable", "", stored, []string{variable + "=e"}, []string{removed, revokeNote, still + "environment variable `" + variable + "`" + because}, "[registries.pub]\n"},
		{"config.toml", "token = \"c\"\n", "", nil, []string{still + "HOME/config.toml" + because}, ""},
		{"stored and config.toml", "token = \"c\"\n", stored, nil, []string{removed, revokeNote, still + "HOME/config.toml" + because}, "[registries.pub]\n"},
		{
			"under another name", "", stored + "[registries.other]\ntoken = \"o\"\n",
			[]string{"CARGO_REGISTRIES_OTHER_INDEX=sparse+http://127.0.0.1/pub/"},
			[]string{
				"name of alternative registry `sparse+http://127.0.0.1/pub/` set to `other`", removed, revokeNote,
				still + "HOME/credentials.toml, which stays in force: it belongs to another name of the registry",
			},
			"[registries.pub]\n[registries.other]\ntoken = \"o\"\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"config.toml": pubConfig + c.configuration}
			if c.file != "" {
				files["credentials.toml"] = c.file
			}
			chain, told := heldBy(t, files, c.environ...)
			if err := chain.Logout(t.Context(), registryNamed(t, chain, "pub")); err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(*told, func(line string) bool { return line == "Credential cargo:token logout pub" })
			if !slices.Equal(got, c.told) {
				t.Errorf("told\n%q\nwant\n%q", got, c.told)
			}
			if left := chain.stored(t); left != c.left {
				t.Errorf("the file is %q, want %q", left, c.left)
			}
		})
	}
}

// An earlier provider may have removed the file.
func TestLogoutNoticesThatTheFileIsGone(t *testing.T) {
	chain, told := heldBy(t, map[string]string{"config.toml": pubConfig, "credentials.toml": "[registries.pub]\ntoken = \"t\"\n"})
	r := registryNamed(t, chain, "pub")
	if configured, err := chain.configuration(r); err != nil || configured.Token == nil {
		t.Fatalf("configured is %v, %v", configured, err)
	}
	if err := os.Remove(filepath.Join(chain.Config.Home, "credentials.toml")); err != nil {
		t.Fatal(err)
	}
	if err := chain.Logout(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Credential cargo:token logout pub", "Logout not currently logged in to `pub`"}; !slices.Equal(*told, want) {
		t.Errorf("told %q, want %q", *told, want)
	}
}

func TestChainSeesItsOwnLoginAndLogout(t *testing.T) {
	chain, _ := heldBy(t, map[string]string{"config.toml": pubConfig})
	r := registryNamed(t, chain, "pub")
	publish := Publish("foo", "1.0.0", "")
	for _, text := range []string{"one", "two"} {
		token := config.NewSecret(text)
		if err := chain.Login(t.Context(), r, LoginOptions{Token: &token}, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := chain.token(t.Context(), r, publish, call{action: kindGet}); err != nil || got.Secret != token {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if err := chain.Logout(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got, err := chain.token(t.Context(), r, publish, call{action: kindGet}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, %v", got, err)
	}
}
