package config

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// credentialsChanges are the changes of testdata/credentials.json.
var credentialsChanges = map[string]func(*credentialsFile) error{
	"login":    setToken("", "new"),
	"login a":  setToken("a", "new"),
	"logout":   remove(""),
	"logout a": remove("a"),
}

// recorded is a credentials file, and what the real cargo has left of it, by
// the change. Changes that cargo refuses, or that it had nothing to do for, are
// not there.
type recorded struct {
	Name   string
	Before string
	After  map[string]string
}

func recordedCredentials(t testing.TB) []recorded {
	t.Helper()
	content, err := os.ReadFile("testdata/credentials.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []recorded
	if err := json.Unmarshal(content, &files); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestChangesMeanWhatCargosDo(t *testing.T) {
	count := 0
	for _, file := range recordedCredentials(t) {
		for name, cargos := range file.After {
			count++
			home, path := credentialsHome(t, file.Before)
			if err := changeCredentials(home, credentialsChanges[name]); err != nil {
				t.Errorf("%s: %s: %v", file.Name, name, err)
				continue
			}
			content := readString(t, path)
			got, err := parseTOML([]byte(content), &Definition{})
			if err != nil {
				t.Errorf("%s: %s: %v", file.Name, name, err)
				continue
			}
			want, err := parseTOML([]byte(cargos), &Definition{})
			if err != nil {
				t.Fatal(err)
			}
			if !got.means(want) {
				t.Errorf("%s: %s of %q is %q, which means\n%s, want\n%s", file.Name, name, file.Before, content, show(got), show(want))
			}
			for line := range strings.Lines(file.Before) {
				if _, comment, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "# "); ok && !strings.Contains(content, "# "+comment) {
					t.Errorf("%s: %s has lost the comment %q", file.Name, name, comment)
				}
			}
			if lines := strings.Count(content, "\n"); strings.Contains(file.Before, "\r\n") && strings.Count(content, "\r\n") != lines {
				t.Errorf("%s: %s mixes line ends: %q", file.Name, name, content)
			}
		}
	}
	if count < 90 {
		t.Errorf("only %d changes are recorded", count)
	}
}

func FuzzCredentialsFile(f *testing.F) {
	for _, file := range recordedCredentials(f) {
		f.Add([]byte(file.Before))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for name, change := range credentialsChanges {
			file := &credentialsFile{document: document{path: "credentials.toml"}}
			if file.parse(content) != nil {
				return
			}
			err := change(file)
			if errors.Is(err, tomledit.ErrRefused) || err != nil && strings.HasPrefix(err.Error(), "failed to edit") {
				t.Errorf("%s of %q: %v", name, content, err)
			}
			if err != nil && string(file.text.Bytes()) != string(content) {
				t.Errorf("%s of %q has failed and left %q", name, content, file.text.Bytes())
			}
			// A second time there is nothing left to do.
			once := string(file.text.Bytes())
			if err == nil && change(file) != nil || string(file.text.Bytes()) != once {
				t.Errorf("%s of %q, done again, makes %q of %q", name, content, file.text.Bytes(), once)
			}
		}
	})
}
